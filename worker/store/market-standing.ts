import type { Sql } from 'postgres'
import { integer } from '#core/log-row'
import { printDollars } from '#core/settlement'
import type { Ticker } from '#core/ticker'
import type { WireStatus } from '#core/wire/status'

/** A market, and where it stands as far as the store knows. */
export type StandingMarket = { readonly ticker: Ticker; readonly standing: WireStatus }

/** Where the market of a ticker stands, or null when we know none. Throws as Postgres does. */
export async function findStanding(sql: Sql, ticker: string): Promise<StandingMarket | null> {
  const [row] = await sql`
    select ticker, status, result, settlement_value, updated_us
    from kb.markets where ticker = ${ticker}`
  if (row === undefined) return null
  const value = row['settlement_value'] as string | null
  return {
    ticker: row['ticker'] as Ticker,
    standing: {
      market_status: row['status'] as string,
      result: row['result'] as string | null,
      settlement_value: value === null ? null : printDollars(value),
      event_us: null,
      recv_us: integer(row['updated_us']) ?? 0,
    },
  }
}
