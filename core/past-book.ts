import type { ApiError, Covered } from './api-error.ts'
import { asOf } from './as-of.ts'
import { type Micros, printInstant } from './instant.ts'
import type { BookRecord, Gap, Seq } from './log.ts'
import type { Opening } from './segment.ts'
import {
  type BookAnswer,
  type BookHeading,
  type BookView,
  printBook,
  printUnknown,
} from './wire/book-answer.ts'

/** What a past book is folded from, and what the store holds of its log. */
export type PastBook = {
  readonly opening: Opening
  readonly records: readonly BookRecord[]
  readonly gaps: readonly Gap[]
  readonly coverage: {
    readonly first: { readonly recvUs: Micros; readonly seq: Seq } | null
    readonly last: { readonly recvUs: Micros; readonly seq: Seq } | null
    readonly throughUs: Micros | null
  }
}

/** Which book was asked for: at an instant, after a record, or the last one while nobody knows it live. */
export type PastPoint =
  | { readonly kind: 'at'; readonly us: Micros }
  | { readonly kind: 'seq'; readonly seq: Seq }
  | { readonly kind: 'last'; readonly now: Micros; readonly over: boolean }

export type PastAnswer =
  | { readonly kind: 'answer'; readonly answer: BookAnswer }
  | { readonly kind: 'refused'; readonly error: ApiError }
  /** The record does not reach so far yet. */
  | { readonly kind: 'beyond'; readonly error: ApiError }

/** How the answer is to be shown. */
export type Showing = {
  readonly ticker: string
  readonly event: string
  readonly marketStatus: string
  readonly view: BookView
  readonly depth: number | undefined
}

/**
 * Answers for a past book from the record, or says why not and what is covered.
 * Throws BrokenLogError when the records have a hole that no gap explains.
 */
export function answerPast(past: PastBook, point: PastPoint, showing: Showing): PastAnswer {
  const { coverage, opening, records, gaps } = past
  const { first, throughUs } = coverage
  const last = records.at(-1) ?? (opening.kind === 'new' ? undefined : opening)
  if (point.kind === 'seq' && last?.seq !== point.seq) {
    return notCovered(past, 'at_seq', 'is not a record of this market')
  }
  const at = point.kind === 'at' ? point.us : (last?.recv ?? null)
  if (point.kind !== 'last' && at !== null && (throughUs === null || throughUs < at)) {
    const message = 'the record does not reach so far yet'
    const error = { code: 'upstream_degraded', message, covered: coveredOf(past) } as const
    return { kind: 'beyond', error }
  }
  const param = point.kind === 'seq' ? 'at_seq' : 'at'
  if (at === null || first === null || at < first.recvUs) {
    return notCovered(past, param, 'lies before the record begins')
  }
  const found = asOf(opening, records, gaps)
  const heading: BookHeading = { ...showing, at: point.kind === 'last' ? point.now : at }
  switch (found.kind) {
    case 'before_record':
      return notCovered(past, param, 'lies before the record begins')
    case 'unknown':
      return { kind: 'answer', answer: printUnknown(heading, found.gap, found.seq) }
    case 'book': {
      const closed = found.closed || (point.kind === 'last' && point.over)
      const status = closed ? 'closed' : point.kind === 'last' ? 'stale' : 'as_of'
      const confirmed = point.kind === 'last' ? throughUs : at
      const known = { ...found, book: found.book.ladders(), status, confirmed } as const
      return { kind: 'answer', answer: printBook(heading, known, showing.depth) }
    }
  }
}

/** What the record holds of a market, as errors and markets say it. */
export function coveredOf({ coverage }: Pick<PastBook, 'coverage'>): Covered {
  const { first, throughUs } = coverage
  return {
    from_ts: first && printInstant(first.recvUs),
    through_ts: first && throughUs && printInstant(throughUs),
  }
}

function notCovered(past: PastBook, param: string, message: string): PastAnswer {
  const error = { code: 'range_not_covered', param, message, covered: coveredOf(past) } as const
  return { kind: 'refused', error }
}

/** Why a range holds nothing that was ever recorded; null when it reaches into the record. */
export function rangeBeforeRecord(
  past: Pick<PastBook, 'coverage'>,
  to: Micros | undefined,
): ApiError | null {
  const { first } = past.coverage
  if (to === undefined || (first !== null && to > first.recvUs)) return null
  const message = 'lies before the record begins'
  return { code: 'range_not_covered', param: 'to', message, covered: coveredOf(past) }
}
