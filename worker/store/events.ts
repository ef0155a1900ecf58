import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { Fees } from './market-details.ts'

/** What is known of an event. */
export type Event = {
  readonly ticker: string
  readonly series: string | null
  readonly title: string
  readonly subTitle: string | null
  /** The event's own word, or its series'. */
  readonly category: string | null
  readonly mutuallyExclusive: boolean | null
  readonly collateralReturnType: string | null
  readonly strike: Micros | null
  readonly strikePeriod: string | null
  readonly settlementSources: unknown
  readonly productMetadata: unknown
  readonly exchangeIndex: number | null
  readonly fees: Fees
  /** What the event has of its own in place of its series' fees. */
  readonly feeOverride: Fees
  readonly updated: Micros
}

export type EventSpan = {
  readonly series?: string | undefined
  /** The last ticker of the page before. */
  readonly after?: string | undefined
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** The event of a ticker, or null when we know none. Throws as Postgres does. */
export async function findEvent(sql: Sql, ticker: string): Promise<Event | null> {
  const rows = await readEvents(sql, sql`select * from kb.events where ticker = ${ticker}`)
  return rows[0] ?? null
}

/** Events in the byte order of their tickers, or against it, at most `limit`. Throws as Postgres does. */
export async function listEvents(sql: Sql, span: EventSpan): Promise<Event[]> {
  const { series, after, order, limit } = span
  const down = order === 'desc'
  const rows = await readEvents(
    sql,
    sql`
      select * from kb.events
      where true
        ${series === undefined ? sql`` : sql`and series_ticker = ${series}`}
        ${after === undefined ? sql`` : down ? sql`and ticker < ${after}` : sql`and ticker > ${after}`}
      order by ticker ${down ? sql`desc` : sql``} limit ${limit}`,
  )
  return down ? rows.reverse() : rows
}

/** The events that a query selects, in the order of their tickers. */
async function readEvents(sql: Sql, selected: ReturnType<Sql>): Promise<Event[]> {
  const rows = await sql`
    select e.ticker, e.series_ticker, e.title, e.sub_title, coalesce(e.category, s.category) as category,
      e.mutually_exclusive, e.collateral_return_type, e.strike_us, e.strike_period, e.settlement_sources,
      e.product_metadata, e.exchange_index, e.fee_type_override, e.fee_multiplier_override,
      s.fee_type, s.fee_multiplier, e.updated_us
    from (${selected}) e
    left join kb.series s on s.ticker = e.series_ticker
    order by e.ticker`
  return rows.map(eventOf)
}

function eventOf(row: Record<string, unknown>): Event {
  const text = (column: string) => row[column] as string | null
  const [type, multiplier] = [text('fee_type_override'), text('fee_multiplier_override')]
  return {
    ticker: row['ticker'] as string,
    series: text('series_ticker'),
    title: row['title'] as string,
    subTitle: text('sub_title'),
    category: text('category'),
    mutuallyExclusive: row['mutually_exclusive'] as boolean | null,
    collateralReturnType: text('collateral_return_type'),
    strike: micros(row['strike_us']),
    strikePeriod: text('strike_period'),
    settlementSources: row['settlement_sources'],
    productMetadata: row['product_metadata'],
    exchangeIndex: integer(row['exchange_index']),
    fees: { type: type ?? text('fee_type'), multiplier: multiplier ?? text('fee_multiplier') },
    feeOverride: { type, multiplier },
    updated: micros(row['updated_us']) as Micros,
  }
}
