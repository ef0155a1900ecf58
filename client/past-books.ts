import type { Book } from '#core/book'
import type { Micros } from '#core/instant'
import type { BookRecord, EndReason, Image, Seq } from '#core/log'
import { parsePrice } from '#core/price'
import { Reader } from '#core/reader'
import { parseSize, parseSizeChange } from '#core/size'
import { printAsks, printNative, readLevels, type YesView } from './printed-book.ts'
import type { ChangeRow, LogEvent, PrintedLevels } from './stream-event.ts'

/** What a book was at an instant. */
export type PastView =
  /** The record had not begun. */
  | { readonly kind: 'before' }
  | { readonly kind: 'gap'; readonly cause: string; readonly fromUs: number }
  | {
      readonly kind: 'book'
      readonly view: YesView
      readonly seq: number
      /** When its last record was received, µs. */
      readonly changedUs: number
      /** Why its log was over by then; null while it was not. */
      readonly ended: string | null
    }

/** A change of best bid or best ask, in yes prices; with neither and not `known` where a gap begins. */
export type BestChange = {
  /** When it counts from, µs. */
  readonly recv_us: number
  readonly known: boolean
  readonly bid: PrintedLevels[number] | null
  readonly ask: PrintedLevels[number] | null
}

/** What a reader takes, and from when on (µs) it counts. */
type Step = { readonly us: number; readonly entry: BookRecord | Image }

/** A whole book is kept after so many steps, to go back to. */
const KEPT_EVERY = 256

/** A stretch of a market's log that was read, and its book at every instant of it, by the reader's rule. */
export class PastBooks {
  readonly #fromUs: number
  readonly #steps: Step[] = []
  /** Where a reading may begin: the step, and what a new reader takes there in its place. */
  readonly #starts: { readonly at: number; readonly entry: BookRecord | Image }[] = []
  readonly #prices: BestChange[] = []
  /** The reader at the end of all that was added, and at the last place that was looked at. */
  readonly #last = new Reader()
  #here = new Reader()
  #at = -1

  /** @param fromUs where it begins, µs: the first book that is told is the one of then */
  constructor(fromUs: number) {
    this.#fromUs = fromUs
  }

  /** How many steps there are. */
  get length(): number {
    return this.#steps.length
  }
  /** When the last record was received, µs; null without any. */
  get lastUs(): number | null {
    return this.#steps.at(-1)?.us ?? null
  }
  /** The changes of best bid and ask, and the gaps, from its beginning on. */
  get prices(): readonly BestChange[] {
    return this.#prices
  }

  /** Adds what a past log tells, in its order. */
  add(event: LogEvent): void {
    switch (event.type) {
      case 'book':
        this.#start(event)
        break
      case 'changes':
        for (const [i, row] of event.rows.entries()) this.#change(event.seq[0] + i, row)
        break
      case 'gap': {
        const { seq, cause, from_us, recv_us, prev_seq } = event
        const stamp = { seq: seq as Seq, recv: recv_us as Micros, event: null }
        const bounds = { from: from_us as Micros, prevSeq: prev_seq as Seq | null }
        // At its very beginning the book is known still.
        const fromUs = from_us + (recv_us > from_us ? 1 : 0)
        this.#put({ kind: 'gap', ...stamp, cause, ...bounds }, fromUs)
        break
      }
      case 'end': {
        const stamp = { seq: event.seq as Seq, recv: event.recv_us as Micros, event: null }
        const reason = event.reason as EndReason
        this.#put({ kind: 'end', ...stamp, reason }, event.recv_us)
        break
      }
      case 'resync':
      case 'log_end':
      case 'incomplete':
        break
    }
  }

  /** What the book was at an instant, µs. */
  at(us: number): PastView {
    const at = this.#placeOf(us)
    if (at < 0) return { kind: 'before' }
    this.#go(at)
    const { state } = this.#here
    switch (state.kind) {
      case 'empty':
        return { kind: 'before' }
      case 'unknown':
        return { kind: 'gap', cause: state.gap.cause, fromUs: state.gap.from }
      case 'known':
        return this.#view(at, state.book, null)
      case 'closed': {
        const { book, end } = state
        if (book === null) return { kind: 'gap', cause: 'ended', fromUs: end.recv }
        return this.#view(at, book, end.reason)
      }
    }
  }

  /** The instant, µs, of the next step after one, or of the one before it; null when there is none. */
  stepFrom(us: number, by: 1 | -1): number | null {
    const at = this.#placeOf(us)
    if (by === 1) return this.#steps[at + 1]?.us ?? null
    const here = this.#steps[at]
    if (here !== undefined && here.us < us) return here.us
    // Several records may have been received at one instant.
    let before = at
    while (before >= 0 && this.#steps[before]?.us === here?.us) before -= 1
    return this.#steps[before]?.us ?? null
  }

  #view(at: number, book: Book, ended: string | null): PastView {
    const { yes, no } = book.ladders()
    const view = { bids: printNative(yes), asks: printAsks(no) }
    const { seq } = this.#here
    return { kind: 'book', view, seq, changedUs: this.#steps[at]?.entry.recv ?? 0, ended }
  }

  #start(event: Extract<LogEvent, { type: 'book' }>): void {
    const yes = readLevels(event.yes)
    const no = readLevels(event.no)
    // What cannot be read was refused by who told the event.
    if (yes === null || no === null) return
    const stamp = { seq: event.seq as Seq, recv: event.recv_us as Micros, event: null }
    this.#put({ kind: 'image', ...stamp, yes, no }, event.recv_us)
  }

  #change(seq: number, [side, priceText, changeText, sizeText, event, recv]: ChangeRow): void {
    const price = parsePrice(priceText)
    const change = changeText === null ? null : parseSizeChange(changeText)
    const size = parseSize(sizeText)
    if (price === null || change === null || size === null) return
    const stamp = { seq: seq as Seq, recv: recv as Micros, event: event as Micros | null }
    this.#put({ kind: 'delta', ...stamp, side, price, change, size }, recv)
  }

  /** Adds a step. Time never goes back: what was received before the stretch counts from its beginning on. */
  #put(entry: BookRecord | Image, fromUs: number): void {
    const us = Math.max(fromUs, this.#fromUs, this.lastUs ?? 0)
    if (this.#last.read(entry) !== 'taken') return
    const at = this.#steps.push({ us, entry }) - 1
    const begins = entry.kind === 'image' || entry.kind === 'snapshot' || entry.kind === 'gap'
    if (begins) this.#starts.push({ at, entry })
    else if (at - (this.#starts.at(-1)?.at ?? 0) >= KEPT_EVERY) this.#keep(at, entry)
    this.#notePrice(us)
  }

  #keep(at: number, { seq, recv }: BookRecord | Image): void {
    const { state } = this.#last
    if (state.kind !== 'known') return
    const image: Image = { kind: 'image', seq, recv, event: null, ...state.book.ladders() }
    this.#starts.push({ at, entry: image })
  }

  #notePrice(us: number): void {
    const { state } = this.#last
    const known = state.kind === 'known' || (state.kind === 'closed' && state.book !== null)
    const yes = known ? (state.book?.top('yes', 1) ?? []) : []
    const no = known ? (state.book?.top('no', 1) ?? []) : []
    const [bid = null] = printNative(yes)
    const [ask = null] = printAsks(no)
    const before = this.#prices.at(-1)
    if (before?.known === known && before.bid?.[0] === bid?.[0] && before.ask?.[0] === ask?.[0]) {
      return
    }
    this.#prices.push({ recv_us: us, known, bid, ask })
  }

  /** The last step at or before an instant; -1 when there is none. */
  #placeOf(us: number): number {
    return lastAtMost(this.#steps, us, (step) => step.us)
  }

  /** Brings the reader to a step: on from where it is, or from a whole book before it. */
  #go(at: number): void {
    const start = this.#starts[lastAtMost(this.#starts, at, (each) => each.at)]
    if (start !== undefined && (at < this.#at || start.at > this.#at)) {
      this.#here = new Reader()
      this.#here.read(start.entry)
      this.#at = start.at
    }
    while (this.#at < at) {
      this.#at += 1
      const step = this.#steps[this.#at]
      if (step !== undefined) this.#here.read(step.entry)
    }
  }
}

/** The last of what is in order that is no greater than a value; -1 when none is. */
function lastAtMost<Each>(
  list: readonly Each[],
  value: number,
  read: (each: Each) => number,
): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const each = list[middle]
    if (each !== undefined && read(each) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
