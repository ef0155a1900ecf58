import type { Proof } from './as-of.ts'
import { type BboChange, bboNow, bboOf, sameBbo } from './bbo.ts'
import { fullChecksum, TOP_LEVELS } from './checksum.ts'
import {
  type BookRecord,
  type DeltaRecord,
  epochOf,
  type GapRecord,
  type Image,
  type Ladders,
  type Seq,
} from './log.ts'
import { MessageRing } from './message-ring.ts'
import { Reader, type ReaderState } from './reader.ts'
import type { RingBudget } from './ring-budget.ts'
import type { ImageReason } from './wire/stream.ts'
import {
  type BookMessage,
  deltasMessage,
  endMessage,
  gapMessage,
  imageMessage,
  type RecordMessage,
  snapshotMessage,
} from './wire/stream-message.ts'

type Stamp = Pick<Image, 'recv' | 'event'>
type Turn = Exclude<BookRecord, DeltaRecord> | Image

/** What became of entries from the feed. */
export type Taken = {
  /** What subscribers who have all that came before are sent, in order. */
  readonly messages: readonly BookMessage[]
  /** How best bid and best ask changed, record by record. */
  readonly bbos: readonly BboChange[]
  /** The book cannot go on without what follows its seq. */
  readonly need: boolean
}

/** A book as it can be kept and gone on from: entries that a reader of nothing takes. */
export type KeptBook = {
  readonly entries: readonly (BookRecord | Image)[]
  readonly proof: Proof | null
  /** The last gap of the log, over or not. */
  readonly gap: GapRecord | null
}

/** What a subscriber who returns is sent; `ahead` when it claims to have what we never had. */
export type Resumed = { readonly ahead: boolean; readonly messages: readonly BookMessage[] }

/** One market's book on the publishing side, and what its subscribers are to be told. */
export class LiveBook {
  readonly #market: string
  readonly #ring: MessageRing
  #reader = new Reader()
  #stamp: Stamp | null = null
  #proof: Proof | null = null
  #gap: GapRecord | null = null
  /** The exchange's word for the market's state, shown with images. */
  marketStatus: string

  /** @param budget what its ring shares with those of other books */
  constructor(market: string, marketStatus: string, budget: RingBudget | null = null) {
    this.#market = market
    this.#ring = new MessageRing(budget)
    this.marketStatus = marketStatus
  }

  get state(): ReaderState {
    return this.#reader.state
  }
  /** recv and exchange time of the last record, null while there is none. */
  get stamp(): Stamp | null {
    return this.#stamp
  }
  /** What the book rests on; null while it is not known. */
  get proof(): Proof | null {
    return this.#proof
  }
  /** The gap because of which there is no book, also when the log ended in it; null when there is a book. */
  get gap(): GapRecord | null {
    const { state } = this
    if (state.kind === 'unknown') return state.gap
    return state.kind === 'closed' && state.book === null ? this.#gap : null
  }
  /** The last gap of the log, over or not; null when none was taken. */
  get lastGap(): GapRecord | null {
    return this.#gap
  }
  /** Grows whenever the book begins anew otherwise than by its log's going on. */
  get begun(): number {
    return this.#ring.begun
  }
  /** The last seq taken, null while nothing is known. */
  get seq(): Seq | null {
    return this.state.kind === 'empty' ? null : this.state.seq
  }

  /**
   * Takes entries in order, by the reader's rule.
   * @param sum what full_checksum must be after the last of them; if it is not, all is forgotten
   * @param sentUs the moment of sending, for subscribers, µs
   */
  take(entries: readonly (BookRecord | Image)[], sum: number | null, sentUs: number): Taken {
    const messages: BookMessage[] = []
    const bbos: BboChange[] = []
    let run: DeltaRecord[] = []
    let need = false
    let best = bboNow(this.#reader)
    const flush = () => {
      messages.push(...this.#deltas(run, sentUs))
      run = []
    }
    for (const entry of entries) {
      if (entry.kind !== 'delta') flush()
      const before = this.#reader.state
      const outcome = this.#reader.read(entry)
      if (outcome === 'resync') need = true
      if (outcome !== 'taken') continue
      this.#stamp = { recv: entry.recv, event: entry.event }
      const now = entry.kind === 'end' ? best : bboNow(this.#reader)
      if (!sameBbo(best, now)) bbos.push({ ...now, ...stampOf(entry) })
      best = now
      if (entry.kind === 'delta') run.push(entry)
      else messages.push(...this.#turn(entry, before))
      if (entry.kind === 'snapshot' || entry.kind === 'image') need = false
    }
    flush()
    if (this.#sumHolds(sum, entries.at(-1))) return { messages, bbos, need }
    this.forget()
    return { messages: [], bbos: [], need: true }
  }

  /**
   * What somebody who knows nothing is sent first: an image, or why there is none.
   * @param ended whether it was told already that the log has ended
   */
  start(reason: ImageReason, ended = reason === 'resync'): BookMessage[] {
    const { state } = this
    switch (state.kind) {
      case 'empty':
        return []
      case 'known':
        return this.#image(reason, state.seq)
      case 'unknown':
        return [gapMessage(this.#market, state.gap)]
      case 'closed': {
        const gap = this.#gap === null ? [] : [gapMessage(this.#market, this.#gap)]
        // Who has seen the end is not sent back before it.
        const seq = ended ? state.seq : ((state.seq - 1) as Seq)
        const last = state.book ? this.#image(reason, seq) : gap
        return [...last, endMessage(this.#market, state.end)]
      }
    }
  }

  /** What was told of the records after a seq; null when not all of it is kept. */
  since(seq: number): readonly RecordMessage[] | null {
    return this.#ring.after(seq)
  }

  /** What somebody who has everything up to `have` is sent; not to be asked of an empty book. */
  resume(have: number, reason: ImageReason = 'resume_miss'): Resumed {
    const mine = this.#reader.seq
    if (have > mine) return { ahead: true, messages: this.start(reason) }
    const missed = have === mine ? [] : this.#ring.after(have)
    if (missed !== null) return { ahead: false, messages: missed }
    return { ahead: false, messages: this.outlived(have) ?? this.start(reason) }
  }

  /** Best bid and best ask now; null while nothing is known. */
  get bbo(): BboChange | null {
    const { state } = this
    if (state.kind === 'empty' || this.#stamp === null) return null
    const last = { seq: state.seq, ...this.#stamp }
    if (state.kind !== 'closed' || state.book === null) return { ...bboNow(this.#reader), ...last }
    return { known: true, ...bboOf(state.book.ladders()), ...last }
  }

  /** All that is needed to go on from here; null while nothing is known. */
  kept(): KeptBook | null {
    const { state } = this
    const stamp = this.#stamp
    if (state.kind === 'empty' || stamp === null) return null
    const rest = { proof: this.#proof, gap: this.#gap }
    if (state.kind === 'unknown') return { entries: [state.gap], ...rest }
    const book = state.book && imageOf(state.seq, stamp, state.book.ladders())
    if (state.kind === 'known') return { entries: book ? [book] : [], ...rest }
    const first = book ?? this.#gap
    return { entries: first ? [first, state.end] : [], ...rest }
  }

  /** Goes on from what was kept; what was told before then is known to nobody here. */
  restore({ entries, proof, gap }: KeptBook): void {
    this.forget()
    for (const entry of entries) {
      if (this.#reader.read(entry) === 'taken') {
        this.#stamp = { recv: entry.recv, event: entry.event }
      }
    }
    this.#proof = proof
    this.#gap = gap
    this.#ring.restart(this.seq)
  }

  /** What somebody is sent who has more of a past epoch than was ever recorded; null if not so. */
  outlived(have: number): BookMessage[] | null {
    const gap = this.#gap
    if (gap === null || this.state.kind !== 'known' || gap.prevSeq === null) return null
    if (epochOf(have as Seq) >= epochOf(gap.seq) || have <= gap.prevSeq) return null
    return [gapMessage(this.#market, gap), ...this.start('gap')]
  }

  /** Tells of a snapshot, image, gap or end that was taken after `before`. */
  #turn(entry: Turn, before: ReaderState): BookMessage[] {
    const last = before.kind === 'empty' ? null : before.seq
    switch (entry.kind) {
      case 'snapshot':
      case 'image':
        if (entry.seq === last && before.kind === 'known') return []
        this.#proof = { openingSeq: entry.seq, deltasApplied: 0 }
        if (entry.kind === 'snapshot' && last !== null && entry.seq === last + 1) {
          return this.#keep(snapshotMessage(this.#market, entry))
        }
        this.#ring.restart(entry.seq)
        return this.#image('resync', entry.seq)
      case 'gap':
        this.#gap = entry
        this.#proof = null
        if (last === null) this.#ring.restart(entry.seq - 1)
        return this.#keep(gapMessage(this.#market, entry))
      case 'end':
        return this.#keep(endMessage(this.#market, entry))
    }
  }

  #deltas(run: readonly DeltaRecord[], sentUs: number): BookMessage[] {
    const [first, ...rest] = run
    if (first === undefined || this.state.kind !== 'known') return []
    const proof = this.#proof
    if (proof) this.#proof = { ...proof, deltasApplied: proof.deltasApplied + run.length }
    const { book } = this.state
    // Of a message's checksum no more is printed.
    const top = { yes: book.top('yes', TOP_LEVELS), no: book.top('no', TOP_LEVELS) }
    return this.#keep(deltasMessage(this.#market, [first, ...rest], top, sentUs))
  }

  #image(reason: ImageReason, seq: Seq): BookMessage[] {
    const book =
      this.state.kind === 'known' || this.state.kind === 'closed' ? this.state.book : null
    if (book === null || this.#stamp === null) return []
    const image = { seq, recv: this.#stamp.recv, ...book.ladders() }
    return [imageMessage(this.#market, image, reason, this.marketStatus)]
  }

  #keep(message: RecordMessage): BookMessage[] {
    this.#ring.push(message)
    return [message]
  }

  #sumHolds(sum: number | null, last: BookRecord | Image | undefined): boolean {
    if (sum === null || this.state.kind !== 'known') return true
    if (last !== undefined && last.seq !== this.state.seq) return true
    return fullChecksum(this.state.book.ladders()) === sum
  }

  /** Forgets all, so that nothing of it counts against what is shared. */
  forget(): void {
    this.#reader = new Reader()
    this.#stamp = null
    this.#proof = null
    this.#gap = null
    this.#ring.restart(null)
  }
}

function imageOf(seq: Seq, stamp: Stamp, ladders: Ladders): Image {
  return { kind: 'image', seq, ...stamp, ...ladders }
}

function stampOf({ seq, event, recv }: BookRecord | Image): Pick<Image, 'seq' | 'event' | 'recv'> {
  return { seq, event, recv }
}
