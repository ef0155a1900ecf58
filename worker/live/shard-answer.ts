import type { Looked } from './peeks.ts'

/** What a market's object is told when it asks for its book; `refused`: free accounts watch too many. */
export type WatchOutcome =
  | { readonly kind: 'refused' }
  /** `vouchedMs`: up to when the book that it holds is vouched for; null for not at all. */
  | { readonly kind: 'watched'; readonly vouchedMs: number | null }

/** What a read of a market comes to: its object holds the book from now on, or is given one to look at. */
export type ReadOutcome =
  | Exclude<WatchOutcome, { kind: 'refused' }>
  | ({ readonly kind: 'peeked' } & Looked)
