import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import type { KalshiRest } from './kalshi-rest.ts'
import { logEvent } from './log-event.ts'
import type { Hold } from './store/lease.ts'
import {
  marketIds,
  type Upserted,
  upsertEvents,
  upsertMarkets,
  upsertSeries,
} from './store/metadata.ts'
import { readEvents, readMarkets, readSeries } from './universe-rows.ts'

/**
 * Reads the exchange's open markets with their events and series, and stores them.
 * @returns the id of every open market that is stored, or that the lease is lost
 * Throws KalshiRestError when the exchange does not answer, and as Postgres does.
 */
export async function openUniverse(
  rest: KalshiRest,
  sql: Sql,
  hold: Hold,
  nowUs: Micros,
): Promise<ReadonlyMap<Ticker, number> | 'lease_lost'> {
  const [series, events, markets] = [
    readSeries(await rest.series()),
    readEvents(await rest.openEvents()),
    await rest.openMarkets(),
  ]
  const open = readMarkets(markets, events.rows)
  const stored: [string, number, Upserted][] = [
    ['series', series.refused, await upsertSeries(sql, hold, series.rows, nowUs)],
    ['events', events.refused, await upsertEvents(sql, hold, events.rows, nowUs)],
    ['markets', open.refused, await upsertMarkets(sql, hold, open.rows, nowUs)],
  ]
  for (const [what, unreadable, outcome] of stored) {
    if (outcome === 'lease_lost') return outcome
    const refused = unreadable + outcome.refused.length
    if (refused > 0) logEvent('metadata_refused', { what, refused })
  }
  const tickers = open.rows.map(({ ticker }) => ticker)
  const ids = await marketIds(sql, tickers)
  return new Map(tickers.flatMap((ticker) => pair(ticker, ids.get(ticker))))
}

function pair(ticker: Ticker, id: number | undefined): [Ticker, number][] {
  return id === undefined ? [] : [[ticker, id]]
}
