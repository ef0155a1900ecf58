import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Epoch } from '#core/log'
import { micros } from '#core/log-row'
import type { MarketState } from '#core/market-life'
import { gridOf } from '#core/market-news'
import type { Ticker } from '#core/ticker'
import { textArray } from './store/array-literal.ts'
import type { EventRow, SeriesRow } from './store/metadata-rows.ts'

/** What the store knows of the exchange. */
export type StoredUniverse = {
  /** Markets that are not over, and those asked for by name. */
  readonly markets: readonly MarketState[]
  /** Events of these markets, and all series; only what bears on their place and fees. */
  readonly events: readonly EventRow[]
  readonly series: readonly SeriesRow[]
  /** Up to when an earlier epoch recorded; null when there was none. */
  readonly through: Micros | null
}

/**
 * Reads what the store knows, so that a collector need not wait for the exchange's lists. Throws as Postgres does.
 * @param also markets that are wanted though they be over: their logs are open
 * @param epoch the one that begins
 */
export async function readStoredUniverse(
  sql: Sql,
  also: readonly Ticker[],
  epoch: Epoch,
): Promise<StoredUniverse> {
  const markets = await sql`
    select ticker, event_ticker, series_ticker, status, open_us, close_us, result, settlement_value,
      price_level_structure, price_ranges
    from kb.markets where status <> 'finalized' and ticker not like 'KXMVE%'
    union all
    select ticker, event_ticker, series_ticker, status, open_us, close_us, result, settlement_value,
      price_level_structure, price_ranges
    from kb.markets where status = 'finalized' and ticker = any(${textArray(also)}::text[])`
  const events = await sql`
    select ticker, series_ticker, title, fee_type_override, fee_multiplier_override from kb.events
    where ticker in (select event_ticker from kb.markets where status <> 'finalized')`
  const series = await sql`select ticker, title, fee_type, fee_multiplier from kb.series`
  const [epochs] = await sql`
    select max(recorded_through_us) as through from kb.epochs where epoch < ${epoch}`
  return {
    markets: markets.map(stateOf),
    events: events.map(eventOf),
    series: series.map(seriesOf),
    through: micros(epochs?.['through']),
  }
}

type Row = Record<string, unknown>

function stateOf(row: Row): MarketState {
  const ranges = row['price_ranges'] as Parameters<typeof gridOf>[1]
  return {
    ticker: row['ticker'] as Ticker,
    event: String(row['event_ticker']),
    series: text(row['series_ticker']),
    status: String(row['status']),
    open: micros(row['open_us']),
    close: micros(row['close_us']),
    result: text(row['result']) || null,
    value: text(row['settlement_value']),
    grid: gridOf(text(row['price_level_structure']), ranges),
    volume: 0,
    told: null,
  }
}

function eventOf(row: Row): EventRow {
  return {
    ticker: String(row['ticker']),
    series_ticker: text(row['series_ticker']),
    title: String(row['title']),
    sub_title: null,
    category: null,
    mutually_exclusive: null,
    collateral_return_type: null,
    fee_type_override: text(row['fee_type_override']),
    fee_multiplier_override: text(row['fee_multiplier_override']),
    raw: null,
  }
}

function seriesOf(row: Row): SeriesRow {
  return {
    ticker: String(row['ticker']),
    title: String(row['title']),
    category: null,
    frequency: null,
    tags: null,
    fee_type: text(row['fee_type']),
    fee_multiplier: text(row['fee_multiplier']),
    raw: null,
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
