import type { Book } from './book.ts'
import type { Micros } from './instant.ts'
import type { BookRecord, Gap, GapRecord, Seq, SnapshotRecord } from './log.ts'
import { Reader } from './reader.ts'

/** What a book answer rests on: the snapshot it was folded from and how many deltas followed. */
export type Proof = { readonly openingSeq: Seq; readonly deltasApplied: number }

/** The book as it could be known at an instant. */
export type AsOf =
  | {
      readonly kind: 'book'
      /** The log had ended by then: this is its last book. */
      readonly closed: boolean
      readonly book: Book
      readonly seq: Seq
      /** recv and exchange time of the last record. */
      readonly changed: Micros
      readonly event: Micros | null
      readonly proof: Proof
    }
  | { readonly kind: 'unknown'; readonly gap: Gap; readonly seq: Seq | null }
  /** The log had not begun. */
  | { readonly kind: 'before_record' }

/** Thrown when stored records do not follow each other: a fault of ours, never answered over. */
export class BrokenLogError extends Error {
  readonly code = 'broken_log'
  readonly retryable = false
}

/**
 * Folds an opening snapshot and the records after it.
 * @param opening the last snapshot at or before the instant, null when there is none
 * @param records what follows it up to the instant, in order
 * @param gaps the gaps known now that strictly contain the instant: hindsight overrides the fold
 * Throws BrokenLogError when the records have a hole that no gap explains.
 */
export function asOf(
  opening: SnapshotRecord | null,
  records: readonly BookRecord[],
  gaps: readonly Gap[],
): AsOf {
  const reader = new Reader()
  let last: BookRecord | null = null
  let proof: Proof | null = null
  let lastGap: Gap | null = null
  for (const record of opening === null ? records : [opening, ...records]) {
    if (reader.read(record) === 'resync') {
      throw new BrokenLogError(`record ${record.seq} does not follow ${reader.seq}`)
    }
    if (record.kind === 'snapshot') proof = { openingSeq: record.seq, deltasApplied: 0 }
    if (record.kind === 'gap') lastGap = gapOf(record)
    if (record.kind === 'delta' && proof !== null) {
      proof = { ...proof, deltasApplied: proof.deltasApplied + 1 }
    }
    last = record
  }
  const overlay = gaps.at(-1)
  if (overlay !== undefined) return { kind: 'unknown', gap: overlay, seq: last?.seq ?? null }
  const { state } = reader
  if (state.kind === 'empty' || last === null) return { kind: 'before_record' }
  if (state.kind === 'unknown') return { kind: 'unknown', gap: gapOf(state.gap), seq: state.seq }
  if (state.book === null || proof === null) {
    return lastGap === null
      ? { kind: 'before_record' }
      : { kind: 'unknown', gap: lastGap, seq: state.seq }
  }
  return {
    kind: 'book',
    closed: state.kind === 'closed',
    book: state.book,
    seq: last.seq,
    changed: last.recv,
    event: last.event,
    proof,
  }
}

function gapOf({ seq, cause, from, recv, prevSeq }: GapRecord): Gap {
  return { seq, cause, from, to: null, noticed: recv, prevSeq }
}
