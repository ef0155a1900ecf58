import { Book } from './book.ts'
import type { BookRecord, GapRecord } from './log.ts'
import { Reader, type ReaderState } from './reader.ts'
import type { Opening, Segment } from './segment.ts'

/** Thrown when stored records do not follow each other: a fault of ours, never answered over. */
export class BrokenLogError extends Error {
  readonly code = 'broken_log'
  readonly retryable = false
}

/** Whether a log begins anew with a record: a gap or a snapshot says all that there is to know without those before it. */
export function begins({ kind }: BookRecord): boolean {
  return kind === 'gap' || kind === 'snapshot'
}

/** How a market's log stands after a segment: the next one's opening. Throws as foldRecords does. */
export function closingOf({ opening, records }: Segment): Opening {
  return foldRecords(opening, records)
}

/**
 * How a market's log stands after these records, by the reader's rule (core/reader).
 * @param records what follows the opening, in order
 * Throws BrokenLogError when they do not follow it or each other, or when a delta's size is not what its change makes.
 */
export function foldRecords(opening: Opening, records: readonly BookRecord[]): Opening {
  const reader = readerAfter(opening)
  let closed = opening.kind !== 'new' && opening.closed
  let { last, proof, gap } = startOf(opening)
  for (const record of records) {
    const back = last !== null && (record.seq <= last.seq || record.recv < last.recv)
    const over = closed && record.kind === 'delta'
    if (back || over || reader.read(record) !== 'taken') {
      throw new BrokenLogError(`record ${record.seq} does not follow ${last?.seq ?? 'nothing'}`)
    }
    closed = record.kind === 'end'
    last = record
    if (record.kind === 'gap') gap = record
    if (record.kind === 'snapshot') proof = { openingSeq: record.seq, deltas: 0 }
    if (record.kind === 'delta' && proof !== null) proof = { ...proof, deltas: proof.deltas + 1 }
  }
  const book = bookOf(reader.state)
  if (last === null) return { kind: 'new' }
  const { seq, recv, event } = last
  if (book !== null && proof !== null) {
    return { kind: 'known', seq, recv, event, ladders: book.ladders(), closed, ...proof }
  }
  if (gap === null) throw new BrokenLogError(`no book and no gap at ${seq}`)
  return { kind: 'unknown', seq, recv, gap, closed }
}

/** A reader that knows what a log's opening says. Throws BrokenLogError when its book cannot be. */
export function readerAfter(opening: Opening): Reader {
  const reader = new Reader()
  reader.state = stateOf(opening)
  return reader
}

type Start = {
  readonly last: Pick<BookRecord, 'seq' | 'recv' | 'event'> | null
  readonly proof: { readonly openingSeq: BookRecord['seq']; readonly deltas: number } | null
  readonly gap: GapRecord | null
}

function startOf(opening: Opening): Start {
  switch (opening.kind) {
    case 'new':
      return { last: null, proof: null, gap: null }
    case 'known': {
      const { openingSeq, deltas } = opening
      return { last: opening, proof: { openingSeq, deltas }, gap: null }
    }
    case 'unknown':
      return { last: { ...opening, event: null }, proof: null, gap: opening.gap }
  }
}

function stateOf(opening: Opening): ReaderState {
  switch (opening.kind) {
    case 'new':
      return { kind: 'empty' }
    case 'known': {
      const book = Book.of(opening.ladders)
      if (book === null) throw new BrokenLogError(`no book at ${opening.seq}`)
      return { kind: 'known', seq: opening.seq, book }
    }
    case 'unknown':
      return { kind: 'unknown', seq: opening.seq, gap: opening.gap }
  }
}

function bookOf(state: ReaderState): Book | null {
  return state.kind === 'known' || state.kind === 'closed' ? state.book : null
}
