import type { ApiError, Covered } from './api-error.ts'
import { asOf } from './as-of.ts'
import { type Micros, printInstant } from './instant.ts'
import type { BookRecord, Gap, Seq } from './log.ts'
import { tradingIsOver } from './market-status.ts'
import type { Opening } from './segment.ts'
import {
  type BookAnswer,
  type BookHeading,
  type BookView,
  printBook,
  printUnknown,
} from './wire/book-answer.ts'

/** What a past book is folded from, and how far the record reaches. */
export type PastBook = {
  readonly opening: Opening
  readonly records: readonly BookRecord[]
  /** The gaps known now that contain the instant, and those that may only begin or end at it. */
  readonly gaps: readonly Gap[]
  readonly touching: readonly Gap[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/** Where the record of a market begins, and how far it reaches. */
export type Reach = {
  readonly first: { readonly recvUs: Micros } | null
  readonly throughUs: Micros | null
}

/** Which book was asked for: at an instant, after a record, or the last one while nobody knows it live. */
export type PastPoint =
  | { readonly kind: 'at'; readonly us: Micros }
  | { readonly kind: 'seq'; readonly seq: Seq }
  | { readonly kind: 'last'; readonly now: Micros }

export type PastAnswer =
  | { readonly kind: 'answer'; readonly answer: BookAnswer }
  /** The record does not hold it: whoever refuses says what it does hold. */
  | { readonly kind: 'not_covered'; readonly param: 'at' | 'at_seq'; readonly message: string }
  /** The record does not reach to `until` yet. */
  | { readonly kind: 'beyond'; readonly until: Micros }
  /** More of it waits to be sealed than is read at once: a book without all of it would be a wrong one. */
  | { readonly kind: 'unsealed' }

/** How the answer is to be shown. */
export type Showing = {
  readonly ticker: string
  readonly event: string
  readonly marketStatus: string
  readonly view: BookView
  readonly depth: number | undefined
}

/**
 * Answers for a past book from the record, or says why not. Throws BrokenLogError when the records have a hole that no gap
 * explains.
 */
export function answerPast(past: PastBook, point: PastPoint, showing: Showing): PastAnswer {
  const { opening, records, gaps, touching, throughUs } = past
  const last = records.at(-1) ?? (opening.kind === 'new' ? undefined : opening)
  if (point.kind === 'seq' && last?.seq !== point.seq) {
    return { kind: 'not_covered', param: 'at_seq', message: 'is not a record of this market' }
  }
  const at = point.kind === 'at' ? point.us : (last?.recv ?? null)
  if (point.kind !== 'last' && at !== null && (throughUs === null || throughUs < at)) {
    return { kind: 'beyond', until: at }
  }
  const early: PastAnswer = {
    kind: 'not_covered',
    param: point.kind === 'seq' ? 'at_seq' : 'at',
    message: 'lies before the record begins',
  }
  if (at === null || last === undefined) return early
  const found = asOf(opening, records, gaps, touching)
  const heading: BookHeading = { ...showing, at: point.kind === 'last' ? point.now : at }
  switch (found.kind) {
    case 'before_record':
      return early
    case 'unknown':
      return { kind: 'answer', answer: printUnknown(heading, found.gap, found.seq) }
    case 'book': {
      const closed = found.closed || (point.kind === 'last' && tradingIsOver(showing.marketStatus))
      const status = closed ? 'closed' : point.kind === 'last' ? 'stale' : 'as_of'
      const confirmed = point.kind === 'last' ? throughUs : at
      const known = { ...found, book: found.book.ladders(), status, confirmed } as const
      return { kind: 'answer', answer: printBook(heading, known, showing.depth) }
    }
  }
}

/** The error of what is no answer, with what the record does hold. */
export function refusalOf(
  answer: Exclude<PastAnswer, { readonly kind: 'answer' }>,
  coverage: Reach,
): ApiError {
  const covered = coveredOf({ coverage })
  switch (answer.kind) {
    case 'not_covered': {
      const { param, message } = answer
      return { code: 'range_not_covered', param, message, covered }
    }
    case 'beyond': {
      const message = 'the record does not reach so far yet'
      return { code: 'upstream_degraded', message, covered }
    }
    case 'unsealed': {
      const message = 'too much of this market’s record waits to be sealed'
      return { code: 'upstream_degraded', message, covered }
    }
  }
}

/** What the record holds of a market, as errors and markets say it. */
export function coveredOf({ coverage }: { readonly coverage: Reach }): Covered {
  const { first, throughUs } = coverage
  return {
    from_ts: first && printInstant(first.recvUs),
    through_ts: first && throughUs && printInstant(throughUs),
  }
}

/** Why a range holds nothing that was ever recorded; null when it reaches into the record. */
export function rangeBeforeRecord(
  past: { readonly coverage: Reach },
  to: Micros | undefined,
): ApiError | null {
  const { first } = past.coverage
  if (to === undefined || (first !== null && to > first.recvUs)) return null
  const message = 'lies before the record begins'
  return { code: 'range_not_covered', param: 'to', message, covered: coveredOf(past) }
}
