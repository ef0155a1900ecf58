import { wholeDays } from '#core/coverage'
import { readDays } from '../worker/store/coverage.ts'
import { readLogSpan } from '../worker/store/log-span.ts'
import { searchMarkets } from '../worker/store/market-search.ts'
import { listMarkets } from '../worker/store/markets.ts'
import { sampleInTurns, shareOf } from './alternating.ts'
import { ApiClient } from './api-client.ts'
import { askPrepared } from './ask-prepared.ts'
import { type Figure, figure } from './figure.ts'
import type { HistoryRig } from './history-rig.ts'

const CALLS = 300
const TURN = 20
/** What a page has when nobody says, and one more, by which the Worker knows of a next page. */
const ROWS = 1001
const WORDS = 'fed rate december'

/** One thing to be read over HTTP; `same` runs the same statements in a Node client. */
type Reading = {
  readonly name: string
  readonly path: string
  readonly same: () => Promise<unknown>
  /** What is wrong with what was answered, null when nothing is. */
  readonly wrong: (data: unknown) => string | null
}

/**
 * The first page of all markets, a search among them, and the coverage of the one with the most records, each beside the
 * same statements by a Node client.
 */
export async function* benchLists(rig: HistoryRig): AsyncGenerator<Figure> {
  const client = new ApiClient(rig.url, rig.apiKey)
  try {
    for (const { name, path, same, wrong } of readingsOf(rig)) {
      const read = async () => {
        const { status, body } = await client.read(path)
        if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
        return body
      }
      const fault = wrong((JSON.parse(await read()) as { data: unknown }).data)
      if (fault !== null) throw new Error(`${path}: ${fault}`)
      yield figure(name, 'ms', ...shareOf(await sampleInTurns(CALLS, TURN, read, same), 0.5))
    }
  } finally {
    client.close()
  }
}

function readingsOf({ reader, markets, plan }: HistoryRig): readonly Reading[] {
  const [market, log] = [markets[0], plan.logs[0]]
  if (market === undefined || log === undefined) throw new Error('no market')
  const { ticker } = market
  const ask = askPrepared(reader)
  const deltas = log.stretches.reduce((sum, stretch) => sum + stretch.deltas, 0)
  return [
    {
      name: 'markets_p50_ms',
      path: '/v1/markets',
      same: () => listMarkets(reader, { order: 'asc', limit: ROWS }),
      wrong: (data) => {
        const rows = (data as unknown[]).length
        return rows === ROWS - 1 ? null : `${rows} markets`
      },
    },
    {
      name: 'search_p50_ms',
      path: `/v1/markets?q=${encodeURIComponent(WORDS)}`,
      same: () => searchMarkets(reader, { typed: WORDS, limit: ROWS }),
      wrong: (data) => {
        const title = (data as { title: string }[])[0]?.title
        return /fed.* rate.*december/i.test(title ?? '') ? null : `found ${title}`
      },
    },
    {
      name: 'coverage_p50_ms',
      path: `/v1/markets/${ticker}/coverage`,
      same: async () => {
        const span = await readLogSpan(ask, ticker)
        if (span === null || span.first === null || span.throughUs === null)
          throw new Error(`${ticker} has no log`)
        const days = wholeDays({ fromUs: span.first.recvUs, toUs: span.throughUs })
        return readDays(ask, span.marketId, days)
      },
      wrong: (data) => {
        const told = (data as { deltas: number }).deltas
        return told === deltas ? null : `${told} deltas of ${deltas}`
      },
    },
  ]
}
