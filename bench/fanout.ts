import { setTimeout as sleep } from 'node:timers/promises'
import { fanoutTicker } from './fanout-markets.ts'
import { FanoutRig, type FeedRun } from './fanout-rig.ts'
import { type Figure, figure, percentile } from './figure.ts'
import { gatewayFigures, seriesFigures } from './gateway-figures.ts'
import { LatencyCounts } from './latency-counts.ts'

const CLIENT_PROCESSES = 2
const MARKETS = 10_000
const SUBSCRIBERS = 200
const FEW_SUBSCRIBERS = 50
const RATE = 1000
const ROUNDS = 3
const ROUND_MS = 4000
const CALM_ROUND_MS = 5000
const WARM_UP_MS = 1500
const PATIENCE_MS = 30_000
const SUBSCRIBE = '{"op":"subscribe","id":1,"channels":["book"]}'

type Side = 'ours' | 'bare'
type Heard = {
  readonly records: number
  readonly seconds: number
  readonly latency: LatencyCounts
}

/** What one market costs to tell to many. */
export async function* benchFanout(): AsyncGenerator<Figure> {
  const rig = await FanoutRig.open(MARKETS, CLIENT_PROCESSES)
  try {
    yield* seriesFigures(rig, MARKETS)
    yield* gatewayFigures(rig)
    yield* many(rig)
    yield* latencies(rig)
  } finally {
    await rig.stop()
  }
}

/** Records a second to many subscribers of one market, as many as are taken; beside the bare broadcast in turns. */
async function* many(rig: FanoutRig): AsyncGenerator<Figure> {
  const rates: Record<Side, number[]> = { ours: [], bare: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['ours', 'bare'] as const) {
      const { records, seconds } = await heard(rig, side, SUBSCRIBERS, null, ROUND_MS)
      rates[side].push(records / seconds)
    }
  }
  const [ours, bare] = [percentile(rates.ours, 0.5), percentile(rates.bare, 0.5)]
  yield figure(`fanout_records_per_s_${SUBSCRIBERS}`, 'records/s', ours, bare)
}

/** From a record's receipt by the feed to its arrival at each of some subscribers of one market. */
async function* latencies(rig: FanoutRig): AsyncGenerator<Figure> {
  const all = { ours: new LatencyCounts(), bare: new LatencyCounts() }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['ours', 'bare'] as const) {
      const { latency } = await heard(rig, side, FEW_SUBSCRIBERS, RATE, CALM_ROUND_MS)
      all[side].merge(latency.all)
    }
  }
  for (const share of [0.5, 0.99]) {
    const [ours, bare] = [all.ours.percentile(share), all.bare.percentile(share)]
    yield figure(`fanout_latency_p${share * 100}_ms`, 'ms', ours, bare)
  }
}

/** Opens subscribers, has the feed send, and answers what came; all must have come to everybody, in order. */
async function heard(
  rig: FanoutRig,
  side: Side,
  subscribers: number,
  rate: number | null,
  ms: number,
): Promise<Heard> {
  const whom =
    side === 'ours'
      ? {
          url: `${rig.url}/v1/markets/${fanoutTicker(0)}/stream`,
          headers: rig.headers,
          subscribe: SUBSCRIBE,
        }
      : { url: rig.broadcastUrl, headers: {}, subscribe: null }
  const count = subscribers / rig.clients.length
  const all = (type: string, rest: object = {}) =>
    Promise.all(rig.clients.map((each) => each.ask(type, rest)))
  // A market of its own for each side: what one is not told, it would miss.
  const first = side === 'ours' ? 0 : 1
  const run: FeedRun = { first, markets: 1, rate, ms, ours: side === 'ours', bare: side === 'bare' }
  await all('open', { ...whom, count })
  await rig.send({ ...run, ms: WARM_UP_MS })
  await all('measure')
  const sent = rig.send(run)
  await sleep(ms)
  const reports = await all('report')
  await sent
  await arrived(rig, first)
  const after = await all('report')
  await all('close')
  const wrong = after.map((report) => report['wrong']).find((each) => each !== null)
  if (wrong !== undefined) throw new Error(`${side}: ${String(wrong)}`)
  const sum = (name: string) => reports.reduce((total, report) => total + Number(report[name]), 0)
  const latency = new LatencyCounts()
  for (const report of reports) latency.merge(report['latency'] as [number, number][])
  return { records: sum('records'), seconds: sum('seconds') / reports.length, latency }
}

/** Waits until every subscriber has the last record. Throws when it does not come. */
async function arrived(rig: FanoutRig, market: number): Promise<void> {
  const { books } = await rig.feed.ask('state')
  const [, last] = (books as [string, number, number][])[market] ?? []
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const reports = await Promise.all(rig.clients.map((each) => each.ask('report')))
    if (reports.every(({ least }) => least === last)) return
    if (Date.now() > deadline) {
      throw new Error(
        `${last} did not come: ${JSON.stringify(reports.map(({ least, wrong }) => [least, wrong]))}`,
      )
    }
    await sleep(50)
  }
}
