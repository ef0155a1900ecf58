import type { z } from 'zod'
import { type Micros, parseInstant } from '#core/instant'
import { type KalshiMarket, kalshiEvent, kalshiMarket, kalshiSeries } from '#core/kalshi/rest'
import { parseTicker } from '#core/ticker'
import type { EventRow, MarketRow, SeriesRow } from './store/metadata-rows.ts'

/** Rows to store, and how many objects could not be read as one. */
export type Read<Row> = { readonly rows: readonly Row[]; readonly refused: number }

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
    raw: event,
  }))
}

/** Reads the exchange's market objects; their series is their event's. */
export function readMarkets(
  objects: readonly unknown[],
  events: readonly EventRow[],
): Read<MarketRow> {
  const seriesOf = new Map(events.map((event) => [event.ticker, event.series_ticker]))
  return readAll(objects, kalshiMarket, (market) => {
    const ticker = parseTicker(market.ticker)
    return ticker && { ticker, ...marketRow(market, seriesOf.get(market.event_ticker) ?? null) }
  })
}

function marketRow(market: KalshiMarket, series_ticker: string | null): Omit<MarketRow, 'ticker'> {
  return {
    event_ticker: market.event_ticker,
    series_ticker,
    title: market.title ?? market.yes_sub_title ?? market.ticker,
    yes_sub_title: market.yes_sub_title ?? null,
    no_sub_title: market.no_sub_title ?? null,
    market_type: market.market_type,
    status: market.status,
    open_us: instant(market.open_time),
    close_us: instant(market.close_time),
    expected_expiration_us: instant(market.expected_expiration_time),
    latest_expiration_us: instant(market.latest_expiration_time),
    rules_primary: market.rules_primary ?? null,
    rules_secondary: market.rules_secondary ?? null,
    strike_type: market.strike_type ?? null,
    floor_strike: decimal(market.floor_strike),
    cap_strike: decimal(market.cap_strike),
    price_level_structure: market.price_level_structure ?? null,
    price_ranges: market.price_ranges ?? null,
    result: market.result || null,
    settlement_value: market.settlement_value_dollars ?? null,
    settlement_us: instant(market.settlement_ts),
    can_close_early: market.can_close_early ?? null,
    raw: market,
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

function decimal(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
