import type { Sql } from 'postgres'
import type { Ticker } from '#core/ticker'

/** What a person reads of a market; the exchange's own words. */
export type MarketTitle = {
  readonly ticker: Ticker
  readonly event: string
  readonly title: string
  readonly yesSubTitle: string | null
}

/** What the market of a ticker is about, or null when we know none. Throws as Postgres does. */
export async function findTitle(sql: Sql, ticker: Ticker): Promise<MarketTitle | null> {
  const [row] = await sql`
    select event_ticker, title, yes_sub_title from kb.markets where ticker = ${ticker}`
  if (row === undefined) return null
  return {
    ticker,
    event: row['event_ticker'] as string,
    title: row['title'] as string,
    yesSubTitle: row['yes_sub_title'] as string | null,
  }
}
