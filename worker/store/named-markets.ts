import type { Sql } from 'postgres'
import { integer } from '#core/log-row'
import type { Ticker } from '#core/ticker'

/** A market as a reading of its log needs it. */
export type NamedMarket = {
  readonly id: number
  readonly ticker: Ticker
  /** The exchange's word. */
  readonly status: string
}

/** The markets of these tickers, without those that we do not know, in no order. Throws as Postgres does. */
export async function findMarkets(sql: Sql, tickers: readonly string[]): Promise<NamedMarket[]> {
  const rows = await sql`
    select id, ticker, status from kb.markets
    where ticker in (select jsonb_array_elements_text(${sql.json([...tickers])}))`
  return rows.map(marketOf)
}

/** The markets of an event, at most `limit`, in no order; null when we know no such event. Throws as Postgres does. */
export async function findEventMarkets(
  sql: Sql,
  event: string,
  limit: number,
): Promise<NamedMarket[] | null> {
  const rows = await sql`
    select id, ticker, status from kb.markets where event_ticker = ${event} limit ${limit}`
  if (rows.length > 0) return rows.map(marketOf)
  const [known] = await sql`select from kb.events where ticker = ${event}`
  return known === undefined ? null : []
}

function marketOf(row: Record<string, unknown>): NamedMarket {
  return {
    id: integer(row['id']) as number,
    ticker: row['ticker'] as Ticker,
    status: row['status'] as string,
  }
}
