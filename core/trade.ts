import type { Micros } from './instant.ts'
import type { Side } from './log.ts'
import type { Price } from './price.ts'
import type { Size } from './size.ts'
import type { Ticker } from './ticker.ts'

export const TRADE_SOURCES = ['stream', 'refill'] as const
export type TradeSource = (typeof TRADE_SOURCES)[number]

/** One trade, keyed by (market, tradeId); in no promised order relative to deltas. */
export type Trade = {
  readonly market: Ticker
  readonly tradeId: string
  /** The yes price. */
  readonly price: Price
  readonly size: Size
  /** The outcome side of whoever took. */
  readonly taker: Side
  /** Negotiated outside the book. */
  readonly block: boolean
  /** The exchange's time, cut to whole milliseconds, so that stream and REST agree on it. */
  readonly event: Micros
  readonly recv: Micros
  readonly source: TradeSource
}
