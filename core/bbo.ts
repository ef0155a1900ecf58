import type { Micros } from './instant.ts'
import type { BookRecord, Ladders, Level, Seq } from './log.ts'
import { complement } from './price.ts'
import type { Reader } from './reader.ts'
import type { Opening } from './segment.ts'
import { BrokenLogError, readerAfter } from './segment-fold.ts'

/** Best bid and best ask in yes prices; a side is null when it is empty. */
export type Bbo = { readonly bid: Level | null; readonly ask: Level | null }

/** The bbo after a record that changed it. */
export type BboChange = Bbo & {
  readonly seq: Seq
  /** False from a gap on until the next snapshot; both sides are null then, which says nothing of the book. */
  readonly known: boolean
  readonly event: Micros | null
  readonly recv: Micros
}

/** A bbo, and whether it is known. */
export type KnownBbo = Bbo & { readonly known: boolean }

export const UNKNOWN_BBO = { known: false, bid: null, ask: null } as const

/** The bbo of two bid ladders that are best first. */
export function bboOf({ yes, no }: Ladders): Bbo {
  return bboFrom(yes[0] ?? null, no[0] ?? null)
}

/** The bbo of the best bids of both sides: a no bid is a yes ask at the complement of its price. */
export function bboFrom(yes: Level | null, no: Level | null): Bbo {
  return { bid: yes, ask: no && [complement(no[0]), no[1]] }
}

/**
 * The changes of best bid, best ask or their sizes that records of one log make, in order. Two records
 * of one instant (an amend) may make two.
 * @param opening how the log stood before the first of the records; it makes no change itself
 * Throws BrokenLogError when the records do not follow each other.
 */
export function* bboChanges(
  opening: Opening,
  records: Iterable<BookRecord>,
): Generator<BboChange, void, undefined> {
  const reader = readerAfter(opening)
  let last = bboNow(reader)
  for (const record of records) {
    const outcome = reader.read(record)
    if (outcome === 'resync') {
      throw new BrokenLogError(`record ${record.seq} does not follow ${reader.seq}`)
    }
    // The end of a log keeps its book.
    if (outcome === 'ignored' || record.kind === 'end') continue
    const now = bboNow(reader)
    if (sameBbo(last, now)) continue
    last = now
    yield { seq: record.seq, ...now, event: record.event, recv: record.recv }
  }
}

/** The bbo of what a reader knows. */
export function bboNow(reader: Reader): KnownBbo {
  const { state } = reader
  if (state.kind !== 'known') return UNKNOWN_BBO
  return { known: true, ...bboFrom(state.book.best('yes'), state.book.best('no')) }
}

/** Whether nobody can tell two of them apart. */
export function sameBbo(a: KnownBbo, b: KnownBbo): boolean {
  return a.known === b.known && sameLevel(a.bid, b.bid) && sameLevel(a.ask, b.ask)
}

function sameLevel(a: Level | null, b: Level | null): boolean {
  return a?.[0] === b?.[0] && a?.[1] === b?.[1]
}
