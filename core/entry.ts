import type { Micros } from './instant.ts'
import type { BookRecord, Epoch } from './log.ts'
import type { MarketChange } from './market-change.ts'
import type { QuoteMinute } from './quote-minute.ts'
import type { Ticker } from './ticker.ts'
import type { Trade } from './trade.ts'

/** A moment up to which a connection is known to have lived: its last frame or ping. */
export type ProofOfLife = { readonly connection: number; readonly us: Micros }

/** An interval of which trades may be missing, named by its `from`; the last word on it counts. */
export type TradeHole = {
  readonly from: Micros
  /** Null while the trade channel is away. */
  readonly to: Micros | null
  /** When the exchange's REST had given all trades of it, our clock; null until then. */
  readonly filled: Micros | null
}

/** A frame or row that could not be used, kept for inspection without account fields, bounded. */
export type SetAside = {
  readonly market: Ticker | null
  readonly recv: Micros
  readonly kind: 'malformed' | 'unknown' | 'unstorable'
  readonly reason: string
  readonly text: string
}

/** Every record of the epoch with recv at or below `through` stands before this entry in the spool. */
export type Mark = {
  readonly epoch: Epoch
  readonly through: Micros
  readonly alive: readonly ProofOfLife[]
}

/** One thing to be stored, in the order in which it came. What the recorder takes from the spool to Postgres. */
export type Entry =
  | { readonly kind: 'record'; readonly market: Ticker; readonly record: BookRecord }
  | { readonly kind: 'trade'; readonly trade: Trade }
  | { readonly kind: 'trade_hole'; readonly hole: TradeHole }
  | { readonly kind: 'quote'; readonly quote: QuoteMinute }
  | { readonly kind: 'change'; readonly change: MarketChange }
  | { readonly kind: 'aside'; readonly aside: SetAside }
  | { readonly kind: 'mark'; readonly mark: Mark }
