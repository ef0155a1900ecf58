import { z } from 'zod'
import type { Proof } from '../as-of.ts'
import { checksum, fullChecksum } from '../checksum.ts'
import { type Micros, printInstant } from '../instant.ts'
import { GAP_CAUSES, type Gap, type Ladders, type Level, type Seq } from '../log.ts'
import { complement } from '../price.ts'
import { printLadder } from './record.ts'

const instant = z.string().describe('RFC 3339, UTC, microseconds')
const ladder = z.array(z.tuple([z.string(), z.string()])).describe('[price, size], best first')
const about = {
  ticker: z.string(),
  event: z.string(),
  market_status: z.string().describe('The word of the exchange'),
  at_ts: instant,
  view: z.enum(['yes', 'native']),
}

const knownBook = z.object({
  ...about,
  status: z.enum(['live', 'as_of', 'stale', 'closed']),
  bids: ladder.optional().describe('view=yes'),
  asks: ladder.optional(),
  yes: ladder.optional().describe('view=native'),
  no: ladder.optional(),
  seq: z.int(),
  checksum: z.int(),
  full_checksum: z.int(),
  changed_ts: instant.describe('When we received the last record'),
  event_ts: instant.nullable().describe('When it happened at the exchange'),
  confirmed_ts: instant.nullable().describe('How far we vouch'),
  proof: z.object({ opening_seq: z.int(), deltas_applied: z.int() }).nullable(),
})
const unknownBook = z.object({
  ...about,
  status: z.literal('unknown'),
  seq: z.int().nullable(),
  gap: z.object({ cause: z.enum(GAP_CAUSES), from_us: z.int(), to_us: z.int().nullable() }),
})
/** One market's book, live or past, or that nobody knows it. */
export const bookAnswer = z.discriminatedUnion('status', [knownBook, unknownBook])
export type BookAnswer = z.infer<typeof bookAnswer>

export type BookView = 'yes' | 'native'

/** What every book answer says beside the book. */
export type BookHeading = {
  readonly ticker: string
  readonly event: string
  readonly marketStatus: string
  /** The instant that is answered for. */
  readonly at: Micros
  readonly view: BookView
}

/** A known book, and how it is known. */
export type AnsweredBook = {
  readonly status: 'live' | 'as_of' | 'stale' | 'closed'
  readonly book: Ladders
  readonly seq: Seq
  readonly changed: Micros
  readonly event: Micros | null
  readonly confirmed: Micros | null
  readonly proof: Proof | null
}

/**
 * Prints a known book; its checksums are those of the whole book whatever the view and depth.
 * @param depth levels of each side to show, all when absent
 */
export function printBook(
  heading: BookHeading,
  answered: AnsweredBook,
  depth: number | undefined,
): BookAnswer {
  const { book, proof } = answered
  const yes = book.yes.slice(0, depth)
  const no = book.no.slice(0, depth)
  return {
    ...printHeading(heading),
    status: answered.status,
    ...(heading.view === 'native'
      ? { yes: printLadder(yes), no: printLadder(no) }
      : { bids: printLadder(yes), asks: printLadder(no.map(asAsk)) }),
    seq: answered.seq,
    checksum: checksum(book),
    full_checksum: fullChecksum(book),
    changed_ts: printInstant(answered.changed),
    event_ts: answered.event === null ? null : printInstant(answered.event),
    confirmed_ts: answered.confirmed === null ? null : printInstant(answered.confirmed),
    proof: proof && { opening_seq: proof.openingSeq, deltas_applied: proof.deltasApplied },
  }
}

/** Prints that the book is not known, and over which interval. */
export function printUnknown(heading: BookHeading, gap: Gap, seq: Seq | null): BookAnswer {
  const { cause, from, to } = gap
  return {
    ...printHeading(heading),
    status: 'unknown',
    seq,
    gap: { cause, from_us: from, to_us: to },
  }
}

function printHeading({ ticker, event, marketStatus, at, view }: BookHeading) {
  return { ticker, event, market_status: marketStatus, at_ts: printInstant(at), view }
}

/** A no bid is a yes ask at the complement; the best no bid (highest) is the best ask (lowest). */
function asAsk([price, size]: Level): Level {
  return [complement(price), size]
}
