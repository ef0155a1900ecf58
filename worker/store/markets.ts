import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { Ticker } from '#core/ticker'

/** What a list says of a market. */
export type MarketSummary = {
  readonly id: number
  readonly ticker: Ticker
  readonly event: string
  readonly series: string | null
  readonly title: string
  readonly yesSubTitle: string | null
  readonly noSubTitle: string | null
  readonly marketType: string
  readonly status: string
  readonly open: Micros | null
  readonly close: Micros | null
  readonly result: string | null
  readonly updated: Micros
}

/** Everything known of a market. Strikes and values are decimal text; `raw` is the exchange's object as it was. */
export type Market = MarketSummary & {
  readonly expectedExpiration: Micros | null
  readonly latestExpiration: Micros | null
  readonly rulesPrimary: string | null
  readonly rulesSecondary: string | null
  readonly strikeType: string | null
  readonly floorStrike: string | null
  readonly capStrike: string | null
  readonly priceLevelStructure: string | null
  readonly priceRanges: unknown
  readonly settlementValue: string | null
  readonly settlement: Micros | null
  readonly canCloseEarly: boolean | null
  readonly firstSeen: Micros
  readonly raw: unknown
}

export type MarketFilter = {
  readonly status?: string
  readonly series?: string
  readonly event?: string
  /** The last ticker of the page before. */
  readonly after?: string
  readonly limit: number
}

/** The market of a ticker, or null when we know none. Throws as Postgres does. */
export async function findMarket(sql: Sql, ticker: string): Promise<Market | null> {
  const [row] = await sql`select * from kb.markets where ticker = ${ticker}`
  return row === undefined ? null : marketOf(row)
}

/** Markets in the byte order of their tickers, at most `limit`. Throws as Postgres does. */
export async function listMarkets(sql: Sql, filter: MarketFilter): Promise<MarketSummary[]> {
  const { status, series, event, after, limit } = filter
  const rows = await sql`
    select id, ticker, event_ticker, series_ticker, title, yes_sub_title, no_sub_title,
      market_type, status, open_us, close_us, result, updated_us
    from kb.markets
    where true
      ${status === undefined ? sql`` : sql`and status = ${status}`}
      ${series === undefined ? sql`` : sql`and series_ticker = ${series}`}
      ${event === undefined ? sql`` : sql`and event_ticker = ${event}`}
      ${after === undefined ? sql`` : sql`and ticker > ${after}`}
    order by ticker limit ${limit}`
  return rows.map(summaryOf)
}

type Row = Record<string, unknown>

function summaryOf(row: Row): MarketSummary {
  return {
    id: integer(row['id']) as number,
    ticker: row['ticker'] as Ticker,
    event: row['event_ticker'] as string,
    series: row['series_ticker'] as string | null,
    title: row['title'] as string,
    yesSubTitle: row['yes_sub_title'] as string | null,
    noSubTitle: row['no_sub_title'] as string | null,
    marketType: row['market_type'] as string,
    status: row['status'] as string,
    open: micros(row['open_us']),
    close: micros(row['close_us']),
    result: row['result'] as string | null,
    updated: micros(row['updated_us']) as Micros,
  }
}

function marketOf(row: Row): Market {
  return {
    ...summaryOf(row),
    expectedExpiration: micros(row['expected_expiration_us']),
    latestExpiration: micros(row['latest_expiration_us']),
    rulesPrimary: row['rules_primary'] as string | null,
    rulesSecondary: row['rules_secondary'] as string | null,
    strikeType: row['strike_type'] as string | null,
    floorStrike: row['floor_strike'] as string | null,
    capStrike: row['cap_strike'] as string | null,
    priceLevelStructure: row['price_level_structure'] as string | null,
    priceRanges: row['price_ranges'],
    settlementValue: row['settlement_value'] as string | null,
    settlement: micros(row['settlement_us']),
    canCloseEarly: row['can_close_early'] as boolean | null,
    firstSeen: micros(row['first_seen_us']) as Micros,
    raw: row['raw'],
  }
}
