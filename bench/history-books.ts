import type { Micros } from '#core/instant'
import { type Random, seededRandom } from '../simulator/random.ts'
import { historiesAt } from '../worker/store/book-history.ts'
import { rateInTurns, sampleInTurns, shareOf } from './alternating.ts'
import { ApiClient } from './api-client.ts'
import { askPrepared } from './ask-prepared.ts'
import { type Figure, figure } from './figure.ts'
import type { HistoryRig } from './history-rig.ts'

const CALLS = 2500
const TURN = 50
const ROUNDS = 3
const SECONDS = 4
const CLIENTS = 16

/**
 * Books of the past at random instants through HTTP, beside the same statements by a Node client with connections of its
 * own: of a market whose last snapshot is 1,000,000 deltas back, of one whose last is 100 back, and of any by 16 clients.
 */
export async function* benchBooks(rig: HistoryRig): AsyncGenerator<Figure> {
  const random = seededRandom(4)
  const fewest = await one(rig, random, 1)
  yield figure('asof_p50_ms_100', 'ms', ...shareOf(fewest, 0.5))
  const most = await one(rig, random, 0)
  yield figure('asof_p50_ms_1m', 'ms', ...shareOf(most, 0.5))
  yield figure('asof_p99_ms_1m', 'ms', ...shareOf(most, 0.99))
  const client = new ApiClient(rig.url, rig.apiKey)
  try {
    const { ours, baseline } = callsOf(rig, client, () => anyBook(rig, random))
    const rates = await rateInTurns(CLIENTS, ROUNDS, SECONDS, ours, baseline)
    yield figure('asof_req_per_s_16', 'requests/s', ...rates)
  } finally {
    client.close()
  }
}

type Asked = { readonly ticker: string; readonly at: Micros }

/** One client's calls for the nth market, at instants since its last snapshot. */
async function one(rig: HistoryRig, random: Random, nth: number) {
  const [market, since] = [rig.markets[nth], rig.plan.logs[nth]?.stretches.at(-1)?.us]
  if (market === undefined || since === undefined) throw new Error(`no market ${nth}`)
  const client = new ApiClient(rig.url, rig.apiKey)
  try {
    const ask = () => ({ ...market, at: instant(random, since, rig.plan.toUs) })
    const { ours, baseline } = callsOf(rig, client, ask)
    return await sampleInTurns(CALLS, TURN, ours, baseline)
  } finally {
    client.close()
  }
}

function callsOf(rig: HistoryRig, client: ApiClient, ask: () => Asked) {
  return {
    ours: async () => {
      const { ticker, at } = ask()
      const { status, body } = await client.read(`/v1/markets/${ticker}/orderbook?at=${at}`)
      if (status !== 200) throw new Error(`${ticker} at ${at}: ${status} ${body}`)
    },
    baseline: async () => {
      const { ticker, at } = ask()
      const [found] = await historiesAt(askPrepared(rig.reader), [ticker], { us: at })
      if (found === undefined) throw new Error(`there is no ${ticker}`)
    },
  }
}

function anyBook({ markets, plan }: HistoryRig, random: Random): Asked {
  const nth = random.below(markets.length)
  const [market, begun] = [markets[nth], plan.logs[nth]?.stretches[0]?.us]
  if (market === undefined || begun === undefined) throw new Error(`no market ${nth}`)
  return { ...market, at: instant(random, begun, plan.toUs) }
}

function instant(random: Random, fromUs: number, toUs: number): Micros {
  return Math.round(fromUs + random.next() * (toUs - fromUs)) as Micros
}
