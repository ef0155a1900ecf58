import type { Micros } from './instant.ts'
import type { BookRecord, Seq } from './log.ts'

/** A place in the merged logs of several markets, which are known by their rank in the order of tickers. */
export type SweptPlace = { readonly us: number; readonly rank: number; readonly seq: number }

/** A sealed run of one market's log, of which the records are still to come. */
export type SweptRun = {
  readonly firstSeq: Seq
  readonly lastSeq: Seq
  readonly firstUs: Micros
  readonly lastUs: Micros
  readonly records: readonly BookRecord[]
}

/** Records that no run holds lie here, if there are any: seqs between, both exclusive; times between, both inclusive. */
export type Hole = {
  readonly rank: number
  readonly afterSeq: number
  readonly beforeSeq: number
  readonly fromUs: number
  readonly toUs: number
}

/** Where the reading of one market's log begins: what is to come, of times inclusive, of seqs exclusive. */
export type SweptStart = {
  readonly rank: number
  readonly fromUs: number
  readonly toUs: number
  readonly afterSeq: number
  readonly beforeSeq: number
}

/** The order of two places of merged logs: below zero when `a` comes first going up. */
export function comparePlaces(a: SweptPlace, b: SweptPlace): number {
  return a.us - b.us || a.rank - b.rank || a.seq - b.seq
}

/**
 * One market's part of a reading of many logs: the sealed runs that have been read and not yet given out, in the direction
 * of the reading, and where between them records may be that no run holds.
 */
export class SweptLog {
  readonly #up: boolean
  readonly #start: SweptStart
  /** All up to this seq, or down to it, was given out or lies outside what was asked for. */
  #edge: number
  #runs: { readonly run: SweptRun; at: number }[] = []
  /** The near seq of the next run that has not been read; null when none is known. */
  #unread: number | null = null

  constructor(up: boolean, start: SweptStart) {
    this.#up = up
    this.#start = start
    this.#edge = up ? start.afterSeq : start.beforeSeq
  }

  /** The log is contiguous up to a run that lies wholly before what was asked for, going up. */
  skip(lastSeq: number): void {
    if (this.#up) this.#edge = Math.max(this.#edge, lastSeq)
  }

  /** Takes the next run in the direction of the reading. */
  add(run: SweptRun): void {
    const { records } = run
    let at = this.#up ? 0 : records.length - 1
    const step = this.#up ? 1 : -1
    for (; at >= 0 && at < records.length; at += step) {
      const record = records[at]
      if (record !== undefined && this.#isAsked(record)) break
    }
    this.#runs.push({ run, at })
  }

  /** Notes which run comes after those that were added; null when it was not seen. */
  expect(run: Pick<SweptRun, 'firstSeq' | 'lastSeq'> | null): void {
    this.#unread = run && (this.#up ? run.firstSeq : run.lastSeq)
  }

  /** Where between two moments, both inclusive, there may be records that are in no run. */
  holes(fromUs: number, toUs: number): Hole[] {
    const low = Math.max(fromUs, this.#start.fromUs)
    const high = Math.min(toUs, this.#start.toUs)
    return this.#up ? this.#holesUp(low, high) : this.#holesDown(low, high)
  }

  /**
   * Gives out, in the direction of the reading, what comes up to a place, that included.
   * @param hot the records that were found in the holes up to there, in order
   */
  take(until: SweptPlace, hot: readonly BookRecord[]): BookRecord[] {
    const taken: BookRecord[] = []
    for (const each of this.#runs) this.#takeRun(each, until, taken)
    this.#runs = this.#runs.filter(({ run, at }) => at >= 0 && at < run.records.length)
    const inside = hot.filter((record) => this.#isBefore(record, until) && this.#isAfter(record))
    if (inside.length > 0) {
      taken.push(...inside)
      taken.sort((a, b) => (this.#up ? a.seq - b.seq : b.seq - a.seq))
    }
    this.#edge = taken.at(-1)?.seq ?? this.#edge
    return taken
  }

  #takeRun(each: { readonly run: SweptRun; at: number }, until: SweptPlace, out: BookRecord[]) {
    const { records } = each.run
    const step = this.#up ? 1 : -1
    for (; each.at >= 0 && each.at < records.length; each.at += step) {
      const record = records[each.at]
      if (record === undefined || !this.#isBefore(record, until)) return
      if (this.#isAfter(record)) out.push(record)
    }
  }

  #isAsked({ seq, recv }: BookRecord): boolean {
    const { fromUs, toUs } = this.#start
    return this.#up ? seq > this.#edge && recv >= fromUs : seq < this.#edge && recv <= toUs
  }

  /** Going down, the log ends above a seq. */
  #isAfter({ seq }: BookRecord): boolean {
    return seq > this.#start.afterSeq
  }

  #isBefore({ recv, seq }: BookRecord, until: SweptPlace): boolean {
    if (recv !== until.us) return this.#up ? recv < until.us : recv > until.us
    const { rank } = this.#start
    if (rank !== until.rank) return this.#up ? rank < until.rank : rank > until.rank
    return this.#up ? seq <= until.seq : seq >= until.seq
  }

  #holesUp(low: number, high: number): Hole[] {
    const holes: Hole[] = []
    let [after, us] = [this.#edge, low]
    const between = (before: number, toUs: number) => {
      const hole = { afterSeq: after, beforeSeq: before, fromUs: us, toUs }
      if (before > after + 1 && us <= toUs) holes.push({ rank: this.#start.rank, ...hole })
    }
    for (const { run } of this.#runs) {
      between(run.firstSeq, Math.min(high, run.firstUs))
      after = Math.max(after, run.lastSeq)
      us = Math.max(low, run.lastUs)
    }
    between(this.#unread ?? this.#start.beforeSeq, high)
    return holes
  }

  #holesDown(low: number, high: number): Hole[] {
    const holes: Hole[] = []
    let [before, us] = [this.#edge, high]
    const between = (after: number, fromUs: number) => {
      const hole = { afterSeq: after, beforeSeq: before, fromUs, toUs: us }
      if (before > after + 1 && fromUs <= us) holes.push({ rank: this.#start.rank, ...hole })
    }
    for (const { run } of this.#runs) {
      between(run.lastSeq, Math.max(low, run.lastUs))
      before = Math.min(before, run.firstSeq)
      us = Math.min(high, run.firstUs)
    }
    between(this.#unread ?? this.#start.afterSeq, low)
    return holes
  }
}
