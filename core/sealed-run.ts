import type { Micros } from './instant.ts'
import { printLadders } from './ladder-text.ts'
import type { BookRecord, Image, Ladders, Side } from './log.ts'
import { dayOf } from './sealing.ts'
import type { Opening, Segment } from './segment.ts'
import { decodeSegment, encodeSegment } from './segment-codec.ts'
import { BrokenLogError, closingOf } from './segment-fold.ts'
import { type SegmentRow, segmentRow } from './segment-row.ts'

/** A run as it is to be stored. */
export type SealedRun = {
  readonly kind: 'sealed'
  readonly row: SegmentRow
  /** What core/segment-codec reads, still to be deflated. */
  readonly bytes: Uint8Array
  /** How the log stands after it: the next run's opening. */
  readonly closing: Opening
}

/** Why records cannot be sealed. */
export type SealFailure = { readonly kind: 'failed'; readonly reason: string }

/** What is known of the book elsewhere. */
export type LiveBook = Pick<Image, 'seq' | 'yes' | 'no'>

/**
 * Seals a run: its bytes are read back, and the book that they make from the opening by its changes must be the one that
 * the records' stated sizes make, level by level, and the live one where that is known after the same record.
 * @param records what follows the opening, in order; at least one
 * @param live the live book, null while it is not known
 */
export function sealRun(
  opening: Opening,
  records: readonly BookRecord[],
  live: LiveBook | null,
): SealedRun | SealFailure {
  const first = records[0]
  if (first === undefined) return failure('a run without records')
  const openUs =
    opening.kind === 'new' ? first.recv : (Math.max(opening.recv, dayOf(first.recv)) as Micros)
  return seal({ openUs, opening, records }, live)
}

/** Seals the start of a day on which nothing is new. */
export function sealDay(opening: Opening, day: Micros): SealedRun | SealFailure {
  return seal({ openUs: day, opening, records: [] }, null)
}

function seal(segment: Segment, live: LiveBook | null): SealedRun | SealFailure {
  const row = segmentRow(segment)
  if (row === null) return failure('nothing to seal')
  try {
    const bytes = encodeSegment(segment)
    const back = decodeSegment(bytes)
    if (back === null) return failure('its bytes cannot be read back')
    if (!sameRecords(segment.records, back.records)) return failure('its bytes say other records')
    const closing = closingOf(back)
    const stated = statedBook(segment)
    if (closing.kind === 'known' && !sameBook(closing.ladders, stated)) {
      return failure('changes and sizes make different books')
    }
    if ((closing.kind === 'known') !== (stated !== null)) return failure('a book out of nothing')
    if (live !== null && live.seq === row.last_seq && !isLive(closing, live)) {
      return failure('the live book is another')
    }
    return { kind: 'sealed', row, bytes, closing }
  } catch (error) {
    if (error instanceof BrokenLogError || error instanceof RangeError)
      return failure(error.message)
    throw error
  }
}

function failure(reason: string): SealFailure {
  return { kind: 'failed', reason }
}

function sameRecords(given: readonly BookRecord[], read: readonly BookRecord[]): boolean {
  return given.length === read.length && given.every((record, i) => sameRecord(record, read[i]))
}

function sameRecord(a: BookRecord, b: BookRecord | undefined): boolean {
  if (b === undefined || a.seq !== b.seq || a.recv !== b.recv || a.event !== b.event) return false
  switch (a.kind) {
    case 'delta':
      return (
        b.kind === 'delta' &&
        a.side === b.side &&
        a.price === b.price &&
        a.change === b.change &&
        a.size === b.size
      )
    case 'snapshot':
      return b.kind === 'snapshot' && a.reason === b.reason && printLadders(a) === printLadders(b)
    case 'gap':
      return b.kind === 'gap' && a.cause === b.cause && a.from === b.from && a.prevSeq === b.prevSeq
    case 'end':
      return b.kind === 'end' && a.reason === b.reason
  }
}

type StatedBook = { readonly [side in Side]: Map<number, number> }

/** The book by what the records say that levels are, whatever their changes were; null when it is not known. */
function statedBook({ opening, records }: Segment): StatedBook | null {
  let book = opening.kind === 'known' ? levelsOf(opening.ladders) : null
  for (const record of records) {
    if (record.kind === 'snapshot') book = levelsOf(record)
    if (record.kind === 'gap') book = null
    if (record.kind !== 'delta') continue
    if (record.size === 0) book?.[record.side].delete(record.price)
    else book?.[record.side].set(record.price, record.size)
  }
  return book
}

function levelsOf(ladders: Ladders): StatedBook {
  return { yes: new Map(ladders.yes), no: new Map(ladders.no) }
}

function sameBook(ladders: Ladders, stated: StatedBook | null): boolean {
  const same = (side: Side) =>
    ladders[side].length === stated?.[side].size &&
    ladders[side].every(([price, size]) => stated[side].get(price) === size)
  return same('yes') && same('no')
}

function isLive(closing: Opening, live: LiveBook): boolean {
  return closing.kind === 'known' && printLadders(closing.ladders) === printLadders(live)
}
