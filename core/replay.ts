import { Hindsight } from './hindsight.ts'
import type { Micros } from './instant.ts'
import type { BookRecord, DeltaRecord, Gap, GapRecord, Ladders, Seq } from './log.ts'
import type { Reader } from './reader.ts'
import type { Opening } from './segment.ts'
import { BrokenLogError, readerAfter } from './segment-fold.ts'
import {
  type BookMessage,
  deltasMessage,
  endMessage,
  gapMessage,
  imageMessage,
  snapshotMessage,
} from './wire/stream-message.ts'

/** Records of one message. */
const RUN_RECORDS = 500

/** A market of a replay, and how its log stood where that begins. */
export type ReplayedMarket = {
  readonly ticker: string
  /** The exchange's word for it, now. */
  readonly status: string
  readonly opening: Opening
}

/** What a replay says: what the books were, record by record. */
export type ReplayMessage = BookMessage

type Lane = {
  readonly ticker: string
  readonly status: string
  /** The log's own state, gaps that were found later apart. */
  readonly reader: Reader
  /** Receive time of the reader's last record. */
  recv: Micros
  /** What was told last: its seq, -1 for nothing yet, and whether a book is known by it. */
  seq: number
  known: boolean
  readonly gaps: Hindsight
}

/**
 * Tells the logs of markets again as a stream told them, but with hindsight: a gap is told where it begins as known now, and
 * what was recorded inside it is left out, so that the reader's rule (core/reader) never makes a book of it.
 */
export class Replay {
  readonly #lanes: ReadonlyMap<string, Lane>
  #run: { readonly lane: Lane; readonly deltas: [DeltaRecord, ...DeltaRecord[]] } | null = null
  #out: ReplayMessage[] = []
  #nextGapUs = Number.POSITIVE_INFINITY

  /** Throws BrokenLogError for an opening that cannot be. */
  constructor(markets: readonly ReplayedMarket[]) {
    this.#lanes = new Map(markets.map((market) => [market.ticker, laneOf(market)]))
  }

  /** Notes gaps of a market as they are known now, each once, before a moment is passed at which one of them begins. */
  expect(ticker: string, gaps: readonly Gap[]): void {
    this.#lanes.get(ticker)?.gaps.add(gaps)
    this.#findNextGap()
  }

  /** Tells how all books stand at the moment, µs, where the replay begins. */
  begin(us: number): ReplayMessage[] {
    for (const lane of this.#lanes.values()) {
      const { state } = lane.reader
      const gap = lane.gaps.pass(us).at(-1)
      if (gap !== undefined && lane.gaps.hides) this.#tellGap(lane, recordOf(gap))
      else if (state.kind === 'unknown') this.#tellGap(lane, state.gap)
      else if (state.kind === 'known') this.#tellBook(lane, 'initial')
      lane.seq = Math.max(lane.seq, lane.reader.seq)
    }
    this.#findNextGap()
    return this.#told()
  }

  /**
   * Tells the next records, which are in the order (recv, ticker, seq).
   * All gaps that begin before the last of them are noted. Throws BrokenLogError when records do not follow each other.
   */
  take(rows: readonly { readonly ticker: string; readonly record: BookRecord }[]): ReplayMessage[] {
    for (const { ticker, record } of rows) {
      this.#pass(record.recv)
      const lane = this.#lanes.get(ticker)
      if (lane !== undefined) this.#takeRecord(lane, record)
    }
    this.#endRun()
    return this.#told()
  }

  /** Ends with a moment, µs. */
  end(us: number): ReplayMessage[] {
    this.#pass(us)
    return this.#told()
  }

  #told(): ReplayMessage[] {
    const told = this.#out
    this.#out = []
    return told
  }

  /** Tells the gaps that begin before a moment, all markets' in the order of time. */
  #pass(us: number): void {
    if (us <= this.#nextGapUs) return
    const passed = [...this.#lanes.values()].flatMap((lane) =>
      lane.gaps.pass(us).map((gap) => ({ lane, gap })),
    )
    for (const { lane, gap } of passed.sort((a, b) => a.gap.from - b.gap.from)) {
      if (gap.seq > lane.seq) this.#tellGap(lane, recordOf(gap))
    }
    this.#findNextGap()
  }

  #findNextGap(): void {
    this.#nextGapUs = Number.POSITIVE_INFINITY
    for (const { gaps } of this.#lanes.values()) {
      this.#nextGapUs = Math.min(this.#nextGapUs, gaps.next ?? this.#nextGapUs)
    }
  }

  #takeRecord(lane: Lane, record: BookRecord): void {
    lane.gaps.pass(record.recv)
    const run = this.#run
    const goes = record.kind === 'delta' && run?.lane === lane && run.deltas.length < RUN_RECORDS
    // What ends a run is printed with the book as it is before the next record.
    if (!goes || lane.gaps.hides) this.#endRun()
    const outcome = lane.reader.read(record)
    if (outcome === 'resync') {
      throw new BrokenLogError(`record ${record.seq} does not follow ${lane.reader.seq}`)
    }
    // It came late into a gap that was told already.
    if (outcome === 'ignored') return
    lane.recv = record.recv
    if (record.kind === 'snapshot') lane.gaps.heal(record.seq)
    // A gap that was found later bears the seq of what it was found by: maybe of the snapshot that ends it.
    const ends = record.kind === 'snapshot' && record.seq === lane.seq && !lane.known
    // A gap that is noticed only after it was told already: the reader has passed it.
    if (record.seq <= lane.seq && !ends) return
    switch (record.kind) {
      case 'delta':
        if (!lane.gaps.hides) this.#takeDelta(lane, record)
        return
      case 'snapshot':
        if (lane.gaps.hides) return
        this.#out.push(snapshotMessage(lane.ticker, record))
        lane.known = true
        break
      case 'gap':
        this.#tellGap(lane, record)
        return
      case 'end':
        // Inside a gap that was found later the one that was told may be later still.
        if (record.seq !== lane.seq + 1) return
        this.#out.push(endMessage(lane.ticker, record))
    }
    lane.seq = record.seq
  }

  #takeDelta(lane: Lane, delta: DeltaRecord): void {
    if (!lane.known) {
      // The gap that hid the book has ended without a snapshot of the log's own.
      this.#tellBook(lane, 'gap')
    } else if (this.#run === null) this.#run = { lane, deltas: [delta] }
    else this.#run.deltas.push(delta)
    lane.seq = delta.seq
  }

  #endRun(): void {
    const run = this.#run
    this.#run = null
    const last = run?.deltas.at(-1)
    const book = run && bookOf(run.lane)
    if (run === null || last === undefined || book === null) return
    this.#out.push(deltasMessage(run.lane.ticker, run.deltas, book, last.recv))
  }

  #tellGap(lane: Lane, gap: GapRecord): void {
    this.#endRun()
    this.#out.push(gapMessage(lane.ticker, gap))
    lane.seq = gap.seq
    lane.known = false
  }

  #tellBook(lane: Lane, reason: 'initial' | 'gap'): void {
    const book = bookOf(lane)
    if (book === null) return
    const seq = lane.reader.seq as Seq
    this.#out.push(
      imageMessage(lane.ticker, { seq, recv: lane.recv, ...book }, reason, lane.status),
    )
    lane.seq = seq
    lane.known = true
  }
}

function laneOf({ ticker, status, opening }: ReplayedMarket): Lane {
  const recv = opening.kind === 'new' ? (0 as Micros) : opening.recv
  const reader = readerAfter(opening)
  return { ticker, status, reader, recv, seq: -1, known: false, gaps: new Hindsight() }
}

function bookOf({ reader: { state } }: Lane): Ladders | null {
  return state.kind === 'known' ? state.book.ladders() : null
}

function recordOf({ seq, cause, from, noticed, prevSeq }: Gap): GapRecord {
  return { kind: 'gap', seq, cause, from, recv: noticed, event: null, prevSeq }
}
