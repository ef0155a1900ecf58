import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer } from '#core/log-row'

/** A market whose trades are asked for. */
export type TradedMarket = {
  readonly id: number
  readonly ticker: string
  /** No trade of it is older: neither did it open before nor was it known. */
  readonly from: Micros
}

/** The markets of these tickers; unknown ones are absent. Throws as Postgres does. */
export function tradedMarkets(sql: Sql, tickers: readonly string[]): Promise<TradedMarket[]> {
  return readTraded(
    sql,
    sql`ticker in (select jsonb_array_elements_text(${sql.json([...tickers])}))`,
    tickers.length,
  )
}

/** The markets of an event, at most `limit`. Throws as Postgres does. */
export function tradedInEvent(sql: Sql, event: string, limit: number): Promise<TradedMarket[]> {
  return readTraded(sql, sql`event_ticker = ${event}`, limit)
}

/** A clock of ours that was slow when it first saw a market. */
const SLOW_US = 60_000_000

async function readTraded(
  sql: Sql,
  which: ReturnType<Sql>,
  limit: number,
): Promise<TradedMarket[]> {
  const rows = await sql`
    select id, ticker, greatest(0, least(coalesce(open_us, 0), first_seen_us) - ${SLOW_US}::int8) as from_us
    from kb.markets where ${which} order by ticker limit ${limit}`
  return rows.map((row) => ({
    id: integer(row['id']) as number,
    ticker: row['ticker'] as string,
    from: integer(row['from_us']) as Micros,
  }))
}
