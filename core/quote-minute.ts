import type { Micros } from './instant.ts'
import type { Level } from './log.ts'
import type { Size } from './size.ts'
import type { Ticker } from './ticker.ts'

/** What a market's book and open interest were at the end of one minute; the trades of a candle are stored apart. */
export type QuoteMinute = {
  readonly market: Ticker
  /** The UTC minute's start. */
  readonly start: Micros
  /** Best bid and best ask in yes prices at the minute's end; null when that side is empty or the book is not known. */
  readonly bid: Level | null
  readonly ask: Level | null
  readonly openInterest: Size | null
  /** Microseconds of the minute in which the book was not known: > 0 says that quotes are incomplete. */
  readonly gapUs: number
}
