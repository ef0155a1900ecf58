import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { Fees } from './market-details.ts'

/** What is known of a series. */
export type Series = {
  readonly ticker: string
  readonly title: string
  readonly category: string | null
  readonly categories: unknown
  readonly frequency: string | null
  readonly tags: unknown
  readonly fees: Fees
  readonly settlementSources: unknown
  readonly contractUrl: string | null
  readonly contractTermsUrl: string | null
  readonly additionalProhibitions: unknown
  readonly productMetadata: unknown
  readonly exchangeIndex: number | null
  readonly updated: Micros
}

export type SeriesSpan = {
  /** The series' category, or one of its categories. */
  readonly category?: string | undefined
  /** The last ticker of the page before. */
  readonly after?: string | undefined
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** The series of a ticker, or null when we know none. Throws as Postgres does. */
export async function findSeries(sql: Sql, ticker: string): Promise<Series | null> {
  const [row] = await sql`select ${columns(sql)} from kb.series where ticker = ${ticker}`
  return row === undefined ? null : seriesOf(row)
}

/** Series in the byte order of their tickers, or against it, at most `limit`. Throws as Postgres does. */
export async function listSeries(sql: Sql, span: SeriesSpan): Promise<Series[]> {
  const { category, after, order, limit } = span
  const down = order === 'desc'
  const rows = await sql`
    select ${columns(sql)} from kb.series
    where true
      ${category === undefined ? sql`` : sql`and (category = ${category} or categories ? ${category})`}
      ${after === undefined ? sql`` : down ? sql`and ticker < ${after}` : sql`and ticker > ${after}`}
    order by ticker ${down ? sql`desc` : sql``} limit ${limit}`
  return rows.map(seriesOf)
}

function columns(sql: Sql) {
  return sql`ticker, title, category, categories, frequency, tags, fee_type, fee_multiplier,
    settlement_sources, contract_url, contract_terms_url, additional_prohibitions, product_metadata,
    exchange_index, updated_us`
}

function seriesOf(row: Record<string, unknown>): Series {
  const text = (column: string) => row[column] as string | null
  return {
    ticker: row['ticker'] as string,
    title: row['title'] as string,
    category: text('category'),
    categories: row['categories'],
    frequency: text('frequency'),
    tags: row['tags'],
    fees: { type: text('fee_type'), multiplier: text('fee_multiplier') },
    settlementSources: row['settlement_sources'],
    contractUrl: text('contract_url'),
    contractTermsUrl: text('contract_terms_url'),
    additionalProhibitions: row['additional_prohibitions'],
    productMetadata: row['product_metadata'],
    exchangeIndex: integer(row['exchange_index']),
    updated: micros(row['updated_us']) as Micros,
  }
}
