import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { Ticker } from '#core/ticker'
import { SLICE } from './slice.ts'

/** What a read of a market's record needs to know of it. */
export type Market = {
  readonly id: number
  readonly ticker: Ticker
  readonly event: string
  readonly series: string | null
  readonly status: string
}

/** What a list says of a market. */
export type ListedMarket = Market & {
  readonly title: string
  readonly yesSubTitle: string | null
  readonly noSubTitle: string | null
  readonly marketType: string
  readonly open: Micros | null
  readonly close: Micros | null
  readonly result: string | null
  readonly updated: Micros
  /** When the record of its book begins, and how far it is complete; null when there is none. */
  readonly recordedFrom: Micros | null
  readonly recordedThrough: Micros | null
}

/** A page of markets. */
export type MarketPage<Row> = {
  readonly rows: readonly Row[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

export type MarketFilter = {
  readonly status?: string | undefined
  readonly series?: string | undefined
  readonly event?: string | undefined
}

export type MarketSpan = MarketFilter & {
  /** Of these alone. */
  readonly tickers?: readonly string[] | undefined
  /** The last ticker of the page before. */
  readonly after?: string | undefined
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** The market of a ticker, or null when we know none. Throws as Postgres does. */
export async function findMarket(sql: Sql, ticker: string): Promise<Market | null> {
  const [row] = await sql`
    select id, ticker, event_ticker, series_ticker, status from kb.markets where ticker = ${ticker}`
  return row === undefined ? null : marketOf(row)
}

/** Markets in the byte order of their tickers, or against it, at most `limit`. Throws as Postgres does. */
export async function listMarkets(sql: Sql, span: MarketSpan): Promise<MarketPage<ListedMarket>> {
  const { status, series, event, tickers, after, order, limit } = span
  const down = order === 'desc' ? sql`desc` : sql``
  const beyond =
    order === 'desc' ? sql`and ticker < ${after ?? ''}` : sql`and ticker > ${after ?? ''}`
  const rows = await sql`
    select w.through_us, ${listed(sql)}
    from ${recorded(sql)} w
    left join lateral (
      select * from kb.markets
      where true
        ${status === undefined ? sql`` : sql`and status = ${status}`}
        ${series === undefined ? sql`` : sql`and series_ticker = ${series}`}
        ${event === undefined ? sql`` : sql`and event_ticker = ${event}`}
        ${tickers === undefined ? sql`` : sql`and ticker in (select jsonb_array_elements_text(${sql.json([...tickers])}))`}
        ${after === undefined ? sql`` : beyond}
      order by ticker ${down} limit ${limit}) m on true
    order by m.ticker ${down}`
  return pageOf(rows, listedOf)
}

/**
 * What a list shows of a market `m`, beside `recorded` as `w`. Where each log begins is probed by the key: a join would
 * read all of them. Of a log that ended before the days that are kept nothing is left.
 */
export function listed(sql: Sql) {
  return sql`m.id, m.ticker, m.event_ticker, m.series_ticker, m.status, m.title, m.yes_sub_title,
    m.no_sub_title, m.market_type, m.open_us, m.close_us, m.result, m.updated_us,
    (select case when b.first_us < w.kept_us and exists (
        select from kb.sealed_logs l
        where l.market_id = b.market_id and l.state = 'ended' and l.last_us < w.kept_us)
      then null else greatest(b.first_us, w.kept_us) end
    from kb.log_begins b where b.market_id = m.id) as first_us`
}

/** How far the record is complete, and from when on it is kept, as a table of one row. */
export function recorded(sql: Sql) {
  return sql`(
    select max(recorded_through_us) as through_us, coalesce(
      (select kept_from_us from kb.retention where kind = 'segments'), 0) as kept_us
    from kb.epochs where slice = ${SLICE})`
}

/** The page of rows to which `recorded` was joined; without rows there is one that has it alone. */
export function pageOf<Row>(
  rows: readonly Raw[],
  read: (row: Raw, throughUs: Micros | null) => Row,
): MarketPage<Row> {
  const throughUs = micros(rows[0]?.['through_us'])
  const found = rows.filter((row) => row['ticker'] !== null)
  return { rows: found.map((row) => read(row, throughUs)), throughUs }
}

type Raw = Record<string, unknown>

function marketOf(row: Raw): Market {
  return {
    id: integer(row['id']) as number,
    ticker: row['ticker'] as Ticker,
    event: row['event_ticker'] as string,
    series: row['series_ticker'] as string | null,
    status: row['status'] as string,
  }
}

/** What a list says of a market, from a row of `listed` and the watermark. */
export function listedOf(row: Raw, throughUs: Micros | null): ListedMarket {
  const recordedFrom = micros(row['first_us'])
  return {
    ...marketOf(row),
    title: row['title'] as string,
    yesSubTitle: row['yes_sub_title'] as string | null,
    noSubTitle: row['no_sub_title'] as string | null,
    marketType: row['market_type'] as string,
    open: micros(row['open_us']),
    close: micros(row['close_us']),
    result: row['result'] as string | null,
    updated: micros(row['updated_us']) as Micros,
    recordedFrom,
    recordedThrough: recordedFrom === null ? null : throughUs,
  }
}
