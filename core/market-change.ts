import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/**
 * What happened to a market or an event besides trading: the exchange's lifecycle words, and what it sends no message
 * for and we saw by REST or by the clock (`opened`, `closed`, `status`), and fees of an event or a series.
 */
export const CHANGE_KINDS = [
  'created',
  'opened',
  'activated',
  'deactivated',
  'close_date_updated',
  'closed',
  'determined',
  'settled',
  'price_level_structure_updated',
  'metadata_updated',
  'status',
  'fee',
] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** Who told a change: the exchange, by the stream or by REST, or the clock. */
export const CHANGE_SOURCES = ['stream', 'rest', 'clock'] as const
export type ChangeSource = (typeof CHANGE_SOURCES)[number]

/** One entry of a market's or an event's history; the same change seen twice has the same key. */
export type MarketChange = {
  /** Null for a change of an event or a series. */
  readonly market: Ticker | null
  /** The event's or series' ticker, null for a change of one market. */
  readonly event: string | null
  readonly kind: ChangeKind
  /** When the exchange says that it happened, µs; null when it does not say. */
  readonly at: Micros | null
  readonly recv: Micros
  /** What changed, as the exchange put it, without account fields. */
  readonly detail: Readonly<Record<string, unknown>>
  readonly source: ChangeSource
}

/** What a change is of. */
export const CHANGE_SUBJECTS = ['market', 'event', 'series'] as const

/** A change as it is told of a market: its own, or one of its event or series. */
export type ToldChange = Pick<MarketChange, 'kind' | 'at' | 'recv' | 'detail' | 'source'> & {
  readonly subject: (typeof CHANGE_SUBJECTS)[number]
  readonly ticker: string
}
