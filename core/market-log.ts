import { Book } from './book.ts'
import type { Micros } from './instant.ts'
import { printLadders } from './ladder-text.ts'
import {
  type BookRecord,
  type DeltaRecord,
  type EndReason,
  type EndRecord,
  type Epoch,
  type GapCause,
  type GapRecord,
  type Image,
  type Ladders,
  type Level,
  numberOf,
  type Seq,
  type Side,
  type SnapshotReason,
  type SnapshotRecord,
  seqOf,
} from './log.ts'
import type { Price } from './price.ts'
import type { SizeChange } from './size.ts'

type LogState =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly book: Book }
  | { readonly kind: 'stale'; readonly gap: GapRecord }
  | { readonly kind: 'ended'; readonly ending: Ending }

/** How a log ended: its last book, or the gap that it ended in. */
export type Ending = { readonly end: EndRecord } & (
  | { readonly kind: 'book'; readonly image: Image }
  | { readonly kind: 'gap'; readonly gap: GapRecord }
)

/** What became of a delta frame. */
export type DeltaOutcome =
  | { readonly kind: 'recorded'; readonly record: DeltaRecord }
  /** The book is not known, so a relative change says nothing. */
  | { readonly kind: 'dropped' }
  /** The change cannot be: it would leave a level below zero. */
  | { readonly kind: 'impossible' }

/** The writing end of one market's log in one epoch: numbers the records and keeps the book. */
export class MarketLog {
  readonly #epoch: Epoch
  #count: number
  #last: Seq | null
  #recv: Micros | null = null
  #event: Micros | null = null
  #state: LogState
  #vouched: Micros | null = null

  /**
   * @param opening the gap (n = 0) that the opening of the epoch stored for a market whose log
   * earlier epochs left open; null when the market is new
   */
  constructor(epoch: Epoch, opening: GapRecord | null) {
    this.#epoch = epoch
    this.#count = opening === null ? 0 : numberOf(opening.seq) + 1
    this.#last = opening?.seq ?? null
    this.#state = opening === null ? { kind: 'new' } : { kind: 'stale', gap: opening }
  }

  /** The gap that the log is in, or null. */
  get openGap(): GapRecord | null {
    return this.#state.kind === 'stale' ? this.#state.gap : null
  }

  get known(): boolean {
    return this.#state.kind === 'known'
  }

  /** How the log ended, null while it goes on. */
  get ending(): Ending | null {
    return this.#state.kind === 'ended' ? this.#state.ending : null
  }

  /** The number of its last record, null before the first. */
  get last(): Seq | null {
    return this.#last
  }

  /** A side's highest bid; null when the side is empty or the book is not known. */
  best(side: Side): Level | null {
    return this.#state.kind === 'known' ? this.#state.book.best(side) : null
  }

  /** recv of the exchange's last snapshot or of the last check that it passed, in this epoch. */
  get vouched(): Micros | null {
    return this.#vouched
  }

  /** A whole book from the exchange; null when it cannot be one, or the log has ended (nothing is changed then). */
  snapshot(ladders: Ladders, recv: Micros): SnapshotRecord | null {
    if (this.#state.kind === 'ended') return null
    const book = Book.of(ladders)
    if (book === null) return null
    const reason = this.#reason()
    this.#state = { kind: 'known', book }
    this.#vouched = recv
    return this.#number(recv, { kind: 'snapshot', reason, event: null, ...book.ladders() })
  }

  /**
   * The exchange's answer to our question about this book.
   * @returns whether it is the book that we know, which is vouched for again; false changes nothing
   */
  check(ladders: Ladders, recv: Micros): boolean {
    if (this.#state.kind !== 'known') return false
    if (printLadders(ladders) !== printLadders(this.#state.book.ladders())) return false
    this.#vouched = recv
    return true
  }

  /** The exchange said elsewhere that this was the book at that moment. */
  passed(at: Micros): void {
    if (this.#vouched !== null && at > this.#vouched) this.#vouched = at
  }

  /** One changed level. */
  delta(
    side: Side,
    price: Price,
    change: SizeChange,
    event: Micros | null,
    recv: Micros,
  ): DeltaOutcome {
    if (this.#state.kind !== 'known') return { kind: 'dropped' }
    const size = this.#state.book.apply(side, price, change)
    if (size === null) return { kind: 'impossible' }
    const seq = this.#next(recv, event)
    return {
      kind: 'recorded',
      record: { kind: 'delta', side, price, change, size, event, seq, recv },
    }
  }

  /**
   * The book is no longer known.
   * @param from the last moment at which we can vouch for it
   * @returns the gap record, or null when the log has not begun or is in a gap already
   */
  gap(cause: GapCause, from: Micros, recv: Micros): GapRecord | null {
    if (this.#state.kind !== 'known') return null
    const prevSeq = this.#last
    const gap = this.#number(recv, { kind: 'gap', cause, from, prevSeq, event: null })
    this.#state = { kind: 'stale', gap }
    return gap
  }

  /**
   * Closes the log. A de-selected market goes on trading unseen, so its book is unknown from here on.
   * @param event the exchange's time of the end, null when it tells none
   * @returns the records to be stored and told: none when the log has not begun or has ended already
   */
  end(reason: EndReason, event: Micros | null, recv: Micros): readonly (GapRecord | EndRecord)[] {
    const cut = reason === 'deselected' ? this.gap('cut', recv, recv) : null
    const image = this.image()
    const state = this.#state
    if (state.kind === 'new' || state.kind === 'ended') return []
    const end = this.#number(recv, { kind: 'end', reason, event })
    const ending: Ending | null =
      state.kind === 'stale'
        ? { kind: 'gap', gap: state.gap, end }
        : image && { kind: 'book', image, end }
    if (ending !== null) this.#state = { kind: 'ended', ending }
    return cut === null ? [end] : [cut, end]
  }

  /**
   * Takes the log up again after its end: what happened since is not known until the next snapshot.
   * @returns the gap record, or null when the log has not ended
   */
  resume(recv: Micros): GapRecord | null {
    if (this.#state.kind !== 'ended') return null
    const { end } = this.#state.ending
    const body = {
      kind: 'gap',
      cause: 'cut',
      from: end.recv,
      prevSeq: end.seq,
      event: null,
    } as const
    const gap = this.#number(recv, body)
    this.#state = { kind: 'stale', gap }
    return gap
  }

  /** The book after the last record, or null while it is not known or the log has ended. */
  image(): Image | null {
    if (this.#state.kind !== 'known' || this.#last === null || this.#recv === null) return null
    return {
      kind: 'image',
      seq: this.#last,
      recv: this.#recv,
      event: this.#event,
      ...this.#state.book.ladders(),
    }
  }

  #reason(): SnapshotReason {
    switch (this.#state.kind) {
      case 'new':
        return 'first'
      case 'known':
        return 'exchange'
      case 'stale':
        return this.#state.gap.cause === 'epoch' ? 'epoch' : 'gap'
      case 'ended':
        return 'gap'
    }
  }

  #number<Body extends Omit<BookRecord, 'seq' | 'recv'>>(recv: Micros, body: Body) {
    return { ...body, seq: this.#next(recv, body.event), recv }
  }

  /** Takes the next number for a record. */
  #next(recv: Micros, event: Micros | null): Seq {
    const seq = seqOf(this.#epoch, this.#count)
    this.#count += 1
    this.#last = seq
    this.#recv = recv
    this.#event = event
    return seq
  }
}
