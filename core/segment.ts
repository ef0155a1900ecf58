import type { Micros } from './instant.ts'
import type { BookRecord, GapRecord, Ladders, Seq } from './log.ts'

/** How a market's log stood just before a segment's first record. */
export type Opening =
  /** The log had not begun. */
  | { readonly kind: 'new' }
  | {
      readonly kind: 'known'
      /** Its last record: seq, receive and exchange time. */
      readonly seq: Seq
      readonly recv: Micros
      readonly event: Micros | null
      readonly ladders: Ladders
      /** The log had ended; this is its last book. */
      readonly closed: boolean
      /** Snapshot from which this book was folded, for an answer's proof, and how many deltas came since. */
      readonly openingSeq: Seq
      readonly deltas: number
    }
  | {
      readonly kind: 'unknown'
      readonly seq: Seq
      readonly recv: Micros
      readonly gap: GapRecord
      readonly closed: boolean
    }

/** A sealed run of one market's records with its opening book: everything that an as-of read needs. */
export type Segment = {
  /** From when the opening holds: the last record's recv, or the start of the UTC day when that is later. */
  readonly openUs: Micros
  readonly opening: Opening
  /** In order; empty for a day in which nothing has happened yet. */
  readonly records: readonly BookRecord[]
}
