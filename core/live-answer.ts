import type { Proof } from './as-of.ts'
import type { Micros } from './instant.ts'
import type { Gap, Ladders, Seq } from './log.ts'
import type { PastAnswer, Showing } from './past-book.ts'
import { type BookHeading, printBook, printUnknown } from './wire/book-answer.ts'

/** What a market's live object knows of its book now. */
export type LiveKnowledge =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly seq: Seq; readonly gap: Gap }
  | {
      readonly kind: 'book'
      readonly book: Ladders
      readonly seq: Seq
      readonly closed: boolean
      readonly changed: Micros
      readonly event: Micros | null
      readonly proof: Proof | null
      /** Whether it is vouched for now, and up to when it last was. */
      readonly live: boolean
      readonly confirmed: Micros | null
    }

/** Answers for a market's book now; null when its object knows nothing. */
export function answerLive(
  known: LiveKnowledge,
  showing: Showing,
  now: Micros,
): Extract<PastAnswer, { kind: 'answer' }> | null {
  const heading: BookHeading = { ...showing, at: now }
  switch (known.kind) {
    case 'nothing':
      return null
    case 'unknown':
      return { kind: 'answer', answer: printUnknown(heading, known.gap, known.seq) }
    case 'book': {
      const status = known.closed ? 'closed' : known.live ? 'live' : 'stale'
      const { changed } = known
      // Its last record may be younger than the collector's last beat, and is vouched for as it comes.
      const confirmed =
        known.confirmed === null ? null : (Math.max(known.confirmed, changed) as Micros)
      const shown = { ...known, status, confirmed } as const
      return { kind: 'answer', answer: printBook(heading, shown, showing.depth) }
    }
  }
}
