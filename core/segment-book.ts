import type { BookRecord, Ladders } from './log.ts'
import { RankedLadder } from './ranked-ladder.ts'

/** The book as a run's records so far make it, while they are written or read; without ladders while it is not known. */
export class SegmentBook {
  #yes: RankedLadder | null = null
  #no: RankedLadder | null = null
  /** The change of the delta before, or 0. */
  change = 0

  constructor(ladders: Ladders | null) {
    this.start(ladders)
  }

  start(ladders: Ladders | null): void {
    this.#yes = ladders && new RankedLadder(ladders.yes)
    this.#no = ladders && new RankedLadder(ladders.no)
  }

  side(side: 'yes' | 'no'): RankedLadder | null {
    return side === 'yes' ? this.#yes : this.#no
  }

  ladders(): Ladders | null {
    return this.#yes && this.#no && { yes: this.#yes.levels(), no: this.#no.levels() }
  }

  /** Whether a delta's size is what its change makes of the book; true of all that is no delta. */
  bearsOut(record: BookRecord): boolean {
    if (record.kind !== 'delta') return true
    const ladder = this.side(record.side)
    if (ladder === null) return false
    const rank = ladder.rank(record.price)
    const there = ladder.price(rank) === record.price ? ladder.size(rank) : 0
    return there + record.change === record.size
  }

  take(record: BookRecord): void {
    if (record.kind === 'snapshot') this.start(record)
    if (record.kind === 'gap') this.start(null)
    if (record.kind !== 'delta') return
    this.side(record.side)?.set(record.price, record.size)
    this.change = record.change
  }
}
