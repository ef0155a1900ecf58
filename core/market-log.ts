import { Book } from './book.ts'
import type { Micros } from './instant.ts'
import { printLadders } from './ladder-text.ts'
import {
  type BookRecord,
  type DeltaRecord,
  type Epoch,
  type GapCause,
  type GapRecord,
  type Image,
  type Ladders,
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
  #next: number
  #last: Seq | null
  #stamp: { readonly recv: Micros; readonly event: Micros | null } | null = null
  #state: LogState
  #vouched: Micros | null = null

  /**
   * @param opening the gap (n = 0) that the opening of the epoch stored for a market whose log
   * earlier epochs left open; null when the market is new
   */
  constructor(epoch: Epoch, opening: GapRecord | null) {
    this.#epoch = epoch
    this.#next = opening === null ? 0 : numberOf(opening.seq) + 1
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

  /** recv of the exchange's last snapshot or of the last check that it passed, in this epoch. */
  get vouched(): Micros | null {
    return this.#vouched
  }

  /** A whole book from the exchange; null when it cannot be one (nothing is changed then). */
  snapshot(ladders: Ladders, recv: Micros): SnapshotRecord | null {
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
    const record = this.#number(recv, { kind: 'delta', side, price, change, size, event })
    return { kind: 'recorded', record }
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

  /** The book after the last record, or null while it is not known. */
  image(): Image | null {
    if (this.#state.kind !== 'known' || this.#last === null || this.#stamp === null) return null
    return {
      kind: 'image',
      seq: this.#last,
      ...this.#stamp,
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
    }
  }

  #number<Body extends Omit<BookRecord, 'seq' | 'recv'>>(recv: Micros, body: Body) {
    const seq = seqOf(this.#epoch, this.#next)
    this.#next += 1
    this.#last = seq
    this.#stamp = { recv, event: body.event }
    return { ...body, seq, recv }
  }
}
