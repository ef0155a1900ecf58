import type { z } from 'zod'
import { type Micros, parseInstant } from '#core/instant'
import { createdMetadata, type EventLifecycle, type MarketLifecycle } from '#core/kalshi/frames'
import { type KalshiMarket, kalshiEvent, kalshiMarket, kalshiSeries } from '#core/kalshi/rest'
import { gridOf, type SeenMarket } from '#core/market-news'
import { parseSize } from '#core/size'
import { parseTicker, type Ticker } from '#core/ticker'
import type { EventRow, MarketRow, SeriesRow } from './store/metadata-rows.ts'

/** Rows to store, and how many objects could not be read as one. */
export type Read<Row> = { readonly rows: readonly Row[]; readonly refused: number }

/** A market as REST shows it: its row, and what bears on its book. */
export type ReadMarket = { readonly row: MarketRow; readonly seen: SeenMarket }

/** Reads the exchange's series objects. */
export function readSeries(objects: readonly unknown[]): Read<SeriesRow> {
  return readAll(objects, kalshiSeries, (series) => ({
    ticker: series.ticker,
    title: series.title,
    category: series.category ?? null,
    frequency: series.frequency ?? null,
    tags: series.tags ?? null,
    fee_type: series.fee_type ?? null,
    fee_multiplier: decimal(series.fee_multiplier),
    categories: series.categories ?? null,
    settlement_sources: series.settlement_sources ?? null,
    contract_url: series.contract_url ?? null,
    contract_terms_url: series.contract_terms_url ?? null,
    additional_prohibitions: series.additional_prohibitions ?? null,
    product_metadata: series.product_metadata ?? null,
    exchange_index: series.exchange_index ?? null,
    raw: series,
  }))
}

/** Reads the exchange's event objects. */
export function readEvents(objects: readonly unknown[]): Read<EventRow> {
  return readAll(objects, kalshiEvent, (event) => ({
    ticker: event.event_ticker,
    series_ticker: event.series_ticker,
    title: event.title,
    sub_title: event.sub_title ?? null,
    category: event.category ?? null,
    mutually_exclusive: event.mutually_exclusive ?? null,
    collateral_return_type: event.collateral_return_type ?? null,
    strike_us: instant(event.strike_date),
    strike_period: event.strike_period ?? null,
    settlement_sources: event.settlement_sources ?? null,
    product_metadata: event.product_metadata ?? null,
    fee_type_override: event.fee_type_override ?? null,
    fee_multiplier_override: decimal(event.fee_multiplier_override),
    exchange_index: event.exchange_index ?? null,
    raw: event,
  }))
}

/**
 * Reads the exchange's market objects.
 * @param seriesOf the series of an event, null while it is not known
 * @param seenUs up to when other words of the exchange count as known to these, our clock
 */
export function readMarkets(
  objects: readonly unknown[],
  seriesOf: (event: string) => string | null,
  seenUs: Micros,
): Read<ReadMarket> {
  return readAll(objects, kalshiMarket, (market) => {
    const ticker = parseTicker(market.ticker)
    if (ticker === null) return null
    const row = marketRow(ticker, market, seriesOf(market.event_ticker), seenUs)
    return { row, seen: seenOf(row, market) }
  })
}

function marketRow(
  ticker: Ticker,
  market: KalshiMarket,
  series_ticker: string | null,
  seen_us: Micros,
): MarketRow {
  return {
    ticker,
    event_ticker: market.event_ticker,
    series_ticker,
    title: market.title ?? market.yes_sub_title ?? market.ticker,
    subtitle: market.subtitle ?? null,
    yes_sub_title: market.yes_sub_title ?? null,
    no_sub_title: market.no_sub_title ?? null,
    market_type: market.market_type,
    status: market.status,
    created_us: instant(market.created_time),
    open_us: instant(market.open_time),
    close_us: instant(market.close_time),
    expected_expiration_us: instant(market.expected_expiration_time),
    latest_expiration_us: instant(market.latest_expiration_time),
    occurrence_us: instant(market.occurrence_datetime),
    fee_waiver_expiration_us: instant(market.fee_waiver_expiration_time),
    settlement_timer_seconds: whole(market.settlement_timer_seconds),
    notional_value: market.notional_value_dollars ?? null,
    rules_primary: market.rules_primary ?? null,
    rules_secondary: market.rules_secondary ?? null,
    early_close_condition: market.early_close_condition ?? null,
    strike_type: market.strike_type ?? null,
    floor_strike: decimal(market.floor_strike),
    cap_strike: decimal(market.cap_strike),
    functional_strike: market.functional_strike ?? null,
    custom_strike: market.custom_strike ?? null,
    price_level_structure: market.price_level_structure ?? null,
    price_ranges: market.price_ranges ?? null,
    result: market.result || null,
    expiration_value: market.expiration_value || null,
    settlement_value: market.settlement_value_dollars ?? null,
    settlement_us: instant(market.settlement_ts),
    can_close_early: market.can_close_early ?? null,
    is_provisional: market.is_provisional ?? null,
    exchange_index: whole(market.exchange_index),
    primary_participant_key: market.primary_participant_key ?? null,
    mve_collection_ticker: market.mve_collection_ticker ?? null,
    mve_selected_legs: market.mve_selected_legs ?? null,
    seen_us,
    raw: market,
  }
}

function seenOf(row: MarketRow, market: KalshiMarket): SeenMarket {
  return {
    ticker: row.ticker,
    event: row.event_ticker,
    series: row.series_ticker,
    status: row.status,
    open: row.open_us,
    close: row.close_us,
    result: row.result,
    value: row.settlement_value,
    settled: row.settlement_us,
    grid: gridOf(row.price_level_structure, market.price_ranges),
    volume: parseSize(market.volume_24h_fp ?? '') ?? 0,
    said: market,
  }
}

/**
 * Reads a market from the word of its creation; its REST object, which tells more, follows.
 * @param seenUs as of `readMarkets`
 * @returns null when the word does not tell what a market is
 */
export function readCreated(
  word: MarketLifecycle,
  seriesOf: (event: string) => string | null,
  seenUs: Micros,
): ReadMarket | null {
  const { additional_metadata: metadata, open_ts, close_ts, ...rest } = word
  const read = createdMetadata.safeParse(metadata)
  const ticker = parseTicker(word.market_ticker)
  if (!read.success || ticker === null) return null
  const { name, expected_expiration_ts, ...told } = read.data
  const market: KalshiMarket = {
    ...told,
    title: told.title ?? name,
    ticker,
    // Not told here; nearly all are.
    market_type: 'binary',
    status: 'initialized',
    open_time: isoOf(open_ts),
    close_time: isoOf(close_ts),
    expected_expiration_time: isoOf(expected_expiration_ts),
    price_level_structure: rest.price_level_structure,
    price_ranges: rest.price_ranges,
    exchange_index: rest.exchange_index,
    mve_selected_legs: null,
  }
  const row = { ...marketRow(ticker, market, seriesOf(told.event_ticker), seenUs), raw: word }
  return { row, seen: seenOf(row, market) }
}

/** Reads an event from the lifecycle channel's word; its REST object, which tells more, follows. Null for one without a title. */
export function readEventWord(word: EventLifecycle): EventRow | null {
  const { title, event_ticker: ticker } = word
  if (typeof title !== 'string') return null
  return {
    ticker,
    series_ticker: word.series_ticker || null,
    title,
    sub_title: word.subtitle ?? word.sub_title ?? null,
    category: null,
    mutually_exclusive: null,
    collateral_return_type: word.collateral_return_type ?? null,
    strike_us: instant(word.strike_date),
    strike_period: word.strike_period ?? null,
    exchange_index: whole(word.exchange_index),
    raw: word,
  }
}

function readAll<Shape extends z.ZodType, Row>(
  objects: readonly unknown[],
  shape: Shape,
  row: (object: z.output<Shape>) => Row | null,
): Read<Row> {
  const rows: Row[] = []
  for (const object of objects) {
    const read = shape.safeParse(object)
    const made = read.success ? row(read.data) : null
    if (made !== null) rows.push(made)
  }
  return { rows, refused: objects.length - rows.length }
}

function instant(text: string | null | undefined): Micros | null {
  return text === null || text === undefined ? null : parseInstant(text)
}

function isoOf(seconds: number | null | undefined): string | null {
  const ms = (seconds ?? Number.NaN) * 1000
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null
}

function decimal(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

function whole(value: number | null | undefined): number | null {
  return Number.isInteger(value) ? (value as number) : null
}
