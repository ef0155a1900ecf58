import { checksum, fullChecksum } from '#core/checksum'
import type { Micros } from '#core/instant'
import type { BookRecord, DeltaRecord, GapRecord, Image, Ladders, Seq } from '#core/log'
import { parsePrice } from '#core/price'
import { Reader } from '#core/reader'
import { parseSize, parseSizeChange, type SizeChange } from '#core/size'
import type {
  DeltasMessage,
  EndMessage,
  GapMessage,
  ImageMessage,
  LevelsMessage,
  SnapshotMessage,
} from '#core/wire/stream'
import { printAsks, printNative, readLevels, type YesView } from './printed-book.ts'
import type { ChangeRow, MarketEvent, ResyncCause } from './stream-event.ts'

/** A message that says what a book is. */
export type BookWord =
  | ImageMessage
  | SnapshotMessage
  | DeltasMessage
  | LevelsMessage
  | GapMessage
  | EndMessage

/** How much of a book a stream shows: all, at least the ten levels that checksums are of, or fewer. */
export type Shown = 'all' | 'ten' | 'fewer'

/** What is known of a book: nothing yet, the book, a gap in place of it, or a log that is over. */
export type BookKind = 'empty' | 'known' | 'unknown' | 'closed'

const CHECKED_LEVELS = 10

/**
 * One market's book as it is followed, by the reader's rule and with each checksum checked. What cannot be followed
 * leaves it stale until a new start comes; meanwhile changes are passed over.
 */
export class FollowedBook {
  readonly market: string
  readonly #source: { readonly broken: boolean }
  #reader = new Reader()
  /** Something that came could not be taken: a new start is awaited. */
  #awaiting = false
  /** Whether what it holds is current on this connection. */
  #current = false
  /** Whether the next start counts although its seq is lower. */
  #mayGoBack = false
  #marketStatus: string | null = null
  #recvUs: number | null = null

  /** @param source its `broken` says that nothing can be vouched for now */
  constructor(market: string, source: { readonly broken: boolean }) {
    this.market = market
    this.#source = source
  }

  get kind(): BookKind {
    return this.#reader.state.kind
  }
  /** The last seq taken; null while nothing was. */
  get seq(): number | null {
    return this.#reader.state.kind === 'empty' ? null : this.#reader.state.seq
  }
  /** Whether it may be wrong or behind: nobody vouches for it now. */
  get stale(): boolean {
    return this.#awaiting || !this.#current || this.#source.broken
  }
  /** Whether a new start is awaited. */
  get awaiting(): boolean {
    return this.#awaiting
  }
  /** Whether it was told anything on this connection, or that it is current. */
  get current(): boolean {
    return this.#current
  }
  /** Why there is no book; null unless it is unknown. */
  get gap(): GapRecord | null {
    return this.#reader.state.kind === 'unknown' ? this.#reader.state.gap : null
  }
  /** Why its log is over (`settled`, `deselected`); null while it is not. */
  get endReason(): string | null {
    return this.#reader.state.kind === 'closed' ? this.#reader.state.end.reason : null
  }
  /** The exchange's word for the market's state, as far as it was told. */
  get marketStatus(): string | null {
    return this.#marketStatus
  }
  /** When the last record was received from the exchange, µs of our clock. */
  get recvUs(): number | null {
    return this.#recvUs
  }

  /** Both native ladders as integers (millionths of a dollar, hundredths of a contract), best first; null without a book. */
  ladders(depth = Number.MAX_SAFE_INTEGER): Ladders | null {
    const { state } = this.#reader
    const book = state.kind === 'known' || state.kind === 'closed' ? state.book : null
    return book && { yes: book.top('yes', depth), no: book.top('no', depth) }
  }

  /** The book in yes prices, decimal strings, best first; null without a book. */
  view(depth?: number): YesView | null {
    const ladders = this.ladders(depth)
    return ladders && { bids: printNative(ladders.yes), asks: printAsks(ladders.no) }
  }

  /** Takes the next message of this market. @returns what there is to tell of it, null for nothing new */
  take(message: BookWord, shown: Shown): MarketEvent | null {
    const starts = message.type === 'snapshot' || message.type === 'gap'
    if (starts && this.#mayGoBack && message.seq < this.#reader.seq) this.#reader = new Reader()
    switch (message.type) {
      case 'snapshot':
        return this.#start(message, shown)
      case 'deltas':
        return this.#awaiting ? null : this.#change(message, shown)
      case 'gap':
        return this.#lose(message)
      case 'end':
        return this.#close(message)
    }
  }

  /** The exchange says so. */
  noteStatus(marketStatus: string): void {
    this.#marketStatus = marketStatus
  }

  /** All that there is was told. */
  vouch(): void {
    this.#current = true
  }

  /** Nothing more comes from where it came: until a new start, or more of it, it is stale. */
  disconnect(): void {
    this.#current = false
  }

  /**
   * It is followed again.
   * @param resumed what follows its seq was asked for; if not, the first that comes counts, whatever its seq
   */
  reconnect(resumed: boolean): void {
    this.#mayGoBack = !resumed
  }

  /** The publisher never had what some claim to have: if nothing has come of this one yet, it may be it. */
  mayBeAhead(): void {
    if (!this.#current) this.#mayGoBack = true
  }

  /** Says that something was missed; null when that is known already. */
  doubt(cause: ResyncCause): MarketEvent | null {
    if (this.#awaiting) return null
    this.#awaiting = true
    return { type: 'resync', market: this.market, seq: this.seq, cause }
  }

  #start(message: ImageMessage | SnapshotMessage, shown: Shown): MarketEvent | null {
    const yes = readLevels(message.yes)
    const no = readLevels(message.no)
    if (yes === null || no === null) return this.doubt('unreadable')
    const { market, image, reason, recv_us } = message
    if (message.seq < this.#reader.seq) return null
    const wrong =
      (shown !== 'fewer' && checksum({ yes, no }) !== message.checksum) ||
      (shown === 'all' && fullChecksum({ yes, no }) !== message.full_checksum)
    if (wrong) return this.doubt('checksum')
    const stamp = { seq: message.seq as Seq, recv: recv_us as Micros, event: null, yes, no }
    const entry: Image | BookRecord = message.image
      ? { kind: 'image', ...stamp }
      : { kind: 'snapshot', ...stamp, reason: message.reason }
    if (this.#reader.read(entry) !== 'taken') return this.doubt('unreadable')
    this.#settle(recv_us)
    if (message.image) this.#marketStatus = message.market_status
    const { seq } = message
    return { type: 'book', market, seq, image, reason, yes: message.yes, no: message.no, recv_us }
  }

  #change(message: DeltasMessage | LevelsMessage, shown: Shown): MarketEvent | null {
    const [from, to] = message.seq
    const before = this.#reader.seq
    if (to <= before) return null
    const cause = isLevels(message) ? this.#setLevels(message) : this.#apply(message)
    if (cause !== null) return this.doubt(cause)
    const top = this.ladders(CHECKED_LEVELS)
    if (top === null || this.#reader.seq !== to) return this.doubt('hole')
    if (shown !== 'fewer' && checksum(top) !== message.checksum) return this.doubt('checksum')
    const rows: readonly ChangeRow[] = message.d
    this.#settle(rows.at(-1)?.[5] ?? this.#recvUs)
    const { market, sent_us } = message
    const fresh = before < from ? rows : rows.slice(before + 1 - from)
    return { type: 'changes', market, seq: [Math.max(from, before + 1), to], rows: fresh, sent_us }
  }

  /** @returns why it cannot be applied, null when it was */
  #apply({ seq: [from, to], d }: DeltasMessage): ResyncCause | null {
    if (d.length !== to - from + 1) return 'unreadable'
    for (const [i, [side, priceText, changeText, sizeText, event, recv]] of d.entries()) {
      const price = parsePrice(priceText)
      const change = parseSizeChange(changeText)
      const size = parseSize(sizeText)
      if (price === null || change === null || size === null) return 'unreadable'
      const stamp = { seq: (from + i) as Seq, event: event as Micros | null, recv: recv as Micros }
      const record: DeltaRecord = { kind: 'delta', ...stamp, side, price, change, size }
      const ahead = record.seq > this.#reader.seq + 1 || this.kind !== 'known'
      if (this.#reader.read(record) === 'resync') return ahead ? 'hole' : 'checksum'
    }
    return null
  }

  #setLevels({ seq: [from, to], d }: LevelsMessage): ResyncCause | null {
    const { state } = this.#reader
    // What differs is told from exactly there.
    if (state.kind !== 'known' || state.seq !== from - 1) return 'hole'
    for (const [side, priceText, , sizeText] of d) {
      const price = parsePrice(priceText)
      const size = parseSize(sizeText)
      if (price === null || size === null) return 'unreadable'
      state.book.apply(side, price, (size - state.book.size(side, price)) as SizeChange)
    }
    this.#reader.state = { ...state, seq: to as Seq }
    return null
  }

  #lose(message: GapMessage): MarketEvent | null {
    const { market, seq, cause, from_us, prev_seq, recv_us } = message
    const stamp = { seq: seq as Seq, recv: recv_us as Micros, event: null }
    const from = from_us as Micros
    const gap: GapRecord = { kind: 'gap', ...stamp, cause, from, prevSeq: prev_seq as Seq | null }
    if (this.#reader.read(gap) !== 'taken') {
      // Asked anew, we were told what we know.
      if (seq === this.gap?.seq) this.#settle(recv_us)
      return null
    }
    this.#settle(recv_us)
    return { type: 'gap', market, seq, cause, from_us, prev_seq, recv_us }
  }

  #close(message: EndMessage): MarketEvent | null {
    const { market, seq, reason, event_us, recv_us } = message
    if (this.#awaiting && seq > this.#reader.seq) return null
    const stamp = { seq: seq as Seq, recv: recv_us as Micros, event: event_us as Micros | null }
    const outcome = this.#reader.read({ kind: 'end', ...stamp, reason })
    if (outcome === 'resync') return this.doubt('hole')
    if (outcome === 'ignored') {
      if (this.kind === 'closed' && seq === this.seq) this.#settle(recv_us)
      return null
    }
    this.#settle(recv_us)
    return { type: 'end', market, seq, reason, recv_us }
  }

  #settle(recvUs: number | null): void {
    this.#awaiting = false
    this.#mayGoBack = false
    this.#current = true
    this.#recvUs = recvUs
  }
}

function isLevels(message: DeltasMessage | LevelsMessage): message is LevelsMessage {
  return message.d[0] === undefined || message.d[0][2] === null
}
