import { Book } from './book.ts'
import type { Micros } from './instant.ts'
import type { BookRecord, Gap, GapRecord, Seq } from './log.ts'
import type { Opening } from './segment.ts'
import { BrokenLogError, begins, foldRecords } from './segment-fold.ts'

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

/**
 * Folds records onto an opening.
 * @param opening how the log stood before them
 * @param records what follows it up to the instant, in order
 * @param gaps the gaps known now that strictly contain the instant: hindsight overrides the fold
 * @param touching gaps known now that begin or end at the instant: a gap record in which the fold ends is told by its bounds
 * Throws BrokenLogError when the records have a hole that no gap explains, and after which no snapshot or gap comes.
 */
export function asOf(
  opening: Opening,
  records: readonly BookRecord[],
  gaps: readonly Gap[],
  touching: readonly Gap[] = [],
): AsOf {
  const overlay = gaps.at(-1)
  if (overlay !== undefined) {
    const last = records.at(-1) ?? (opening.kind === 'new' ? null : opening)
    return { kind: 'unknown', gap: overlay, seq: last?.seq ?? null }
  }
  // What is wrong with a record before the log began anew costs no book after it.
  const start = records.findLastIndex(begins)
  const closing =
    start < 0 ? foldRecords(opening, records) : foldRecords({ kind: 'new' }, records.slice(start))
  switch (closing.kind) {
    case 'new':
      return { kind: 'before_record' }
    case 'unknown':
      return {
        kind: 'unknown',
        gap: touching.find(({ seq }) => seq === closing.gap.seq) ?? gapOf(closing.gap),
        seq: closing.seq,
      }
    case 'known': {
      const { closed, seq, recv, event, ladders, openingSeq, deltas } = closing
      const book = Book.of(ladders)
      if (book === null) throw new BrokenLogError(`no book at ${seq}`)
      const proof = { openingSeq, deltasApplied: deltas }
      return { kind: 'book', closed, book, seq, changed: recv, event, proof }
    }
  }
}

function gapOf({ seq, cause, from, recv, prevSeq }: GapRecord): Gap {
  return { seq, cause, from, to: null, noticed: recv, prevSeq }
}
