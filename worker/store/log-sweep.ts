import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Seq } from '#core/log'
import { comparePlaces, type Hole, SweptLog, type SweptPlace } from '#core/swept-log'
import { type HoleRead, readHoles } from './sweep-hot.ts'
import { readSegments } from './sweep-segments.ts'

export type SweptMarket = { readonly id: number; readonly ticker: string }
/** A record with the market of whose log it is. */
export type LoggedRecord = { readonly market: SweptMarket; readonly record: BookRecord }
/** A place in the order (recv, ticker, seq). */
export type LogPosition = {
  readonly recvUs: Micros
  readonly ticker: string
  readonly seq: Seq
}

export type LogRange = {
  /** Of each ticker one. */
  readonly markets: readonly SweptMarket[]
  /** Inclusive, µs of recv. */
  readonly fromUs?: Micros
  /** Exclusive, µs of recv. */
  readonly toUs?: Micros
  /** Of the only market, records after this. */
  readonly afterSeq?: Seq
  /** The place after which, or before which going down, the reading goes on. */
  readonly after?: LogPosition
  readonly order: 'asc' | 'desc'
  /** How many records the reader will take at most. */
  readonly most: number
}

export type LogStep = {
  readonly rows: readonly LoggedRecord[]
  /** The watermark when the reading began; null before the first epoch. */
  readonly throughUs: Micros | null
  /** The place after all that was looked at; null at the end. */
  readonly next: LogPosition | null
}

/** Thrown when what was being read is dropped meanwhile, as it is no longer kept. */
export class LogDroppedError extends Error {
  readonly code = 'log_dropped'
  readonly retryable = false
}

/** Records that one step reads, about. */
const STEP_RECORDS = 16_384
/** What was hot a step ago may be gone after so long (ms): a row stays for ten minutes after it was sealed. */
const STEP_OLD_MS = 300_000
const LAST = Number.MAX_SAFE_INTEGER
const DAY_US = 86_400_000_000
const LEAST_SPAN_US = 1_000_000

/**
 * Reads the records of markets in the order (recv, ticker, seq), or its reverse, step by step, none later than the watermark
 * at the beginning. A step takes one statement for segments, and one for hot rows where the segments that are at hand leave
 * holes between them; it holds about one segment a market.
 *
 * Segments are read in the order in which they begin. Once all that begin before a moment are at hand, so is every sealed
 * record before it; all else before it lies in holes between them, and is hot. A row that the first statement of a step would
 * have found hot is still there for the second, sealed meanwhile or not; and a segment that is sealed only after its
 * beginning was passed is not read any more, but its rows are as long as they are hot. A reading that was put
 * aside for longer begins anew at its place. So nothing comes twice, and nothing is left out.
 * Throws SegmentError and LogRowError for what cannot be read, LogDroppedError, and as Postgres does.
 */
export async function* sweepLog(sql: Sql, range: LogRange): AsyncGenerator<LogStep> {
  const sweep = new Sweep(sql, range)
  while (!sweep.done) yield await sweep.step()
}

class Sweep {
  readonly #sql: Sql
  readonly #range: LogRange
  readonly #up: boolean
  readonly #markets: readonly SweptMarket[]
  readonly #ids: readonly number[]
  #logs: SweptLog[] = []
  #throughUs: Micros | null = null
  #keptUs: Micros | null = null
  /** The range, both inclusive, µs. */
  readonly #fromUs: number
  #toUs: number
  /** All up to here was given out. */
  #at: SweptPlace | null = null
  /** All segments that begin before this moment, or end after it going down, were read; null before the first step. */
  #edgeUs: number | null = null
  #readMs = 0
  /** How much time the next step may fill, µs: twice as much as the last one did. */
  #spanUs = DAY_US
  done: boolean

  constructor(sql: Sql, range: LogRange) {
    const { markets, order, after } = range
    this.#sql = sql
    this.#range = range
    this.#up = order === 'asc'
    this.#markets = [...markets].sort((a, b) => (a.ticker < b.ticker ? -1 : 1))
    this.#ids = this.#markets.map(({ id }) => id)
    this.#fromUs = range.fromUs ?? 0
    this.#toUs = (range.toUs ?? LAST) - 1
    if (after !== undefined) this.#at = this.#placeOf(after)
    this.done = markets.length === 0 || this.#fromUs > this.#toUs
  }

  async step(): Promise<LogStep> {
    if (this.#edgeUs === null || Date.now() - this.#readMs > STEP_OLD_MS) await this.#open()
    else if (this.#passed(this.#edgeUs)) await this.#readSegments(this.#edgeUs, false)
    if (this.#throughUs === null || this.#edgeUs === null) {
      this.done = true
      return { rows: [], throughUs: null, next: null }
    }
    const edge = this.#lastBefore(this.#edgeUs)
    const hot = await readHoles(
      this.#sql,
      this.#ids,
      this.#range.order,
      this.#holes(edge.us),
      this.#wanted(),
    )
    const until = this.#until(edge, hot)
    const rows = this.#take(until, hot)
    this.#at = until
    this.done = until === edge && (this.#up ? edge.us >= this.#toUs : edge.us <= this.#fromUs)
    const next = this.done ? null : this.#positionOf(until)
    return { rows, throughUs: this.#throughUs, next }
  }

  /** Begins to read at the place to which it has come. */
  async #open(): Promise<void> {
    const at = this.#at?.us ?? (this.#up ? this.#fromUs : this.#toUs)
    await this.#readSegments(at, true)
  }

  #logAt(rank: number): SweptLog {
    const at = this.#at
    const span = { rank, fromUs: this.#fromUs, toUs: this.#toUs }
    const [afterSeq, beforeSeq] = [this.#range.afterSeq ?? -1, LAST]
    if (at === null) return new SweptLog(this.#up, { ...span, afterSeq, beforeSeq })
    if (this.#up) {
      // What comes first at this moment was given out.
      const through = rank < at.rank || (rank === at.rank && at.seq === LAST)
      const fromUs = Math.max(span.fromUs, through ? at.us + 1 : at.us)
      const after = rank === at.rank && !through ? Math.max(afterSeq, at.seq) : afterSeq
      return new SweptLog(true, { ...span, fromUs, afterSeq: after, beforeSeq })
    }
    const through = rank > at.rank || (rank === at.rank && at.seq <= 0)
    const toUs = Math.min(span.toUs, through ? at.us - 1 : at.us)
    const before = rank === at.rank && !through ? at.seq : beforeSeq
    return new SweptLog(false, { ...span, toUs, afterSeq, beforeSeq: before })
  }

  async #readSegments(atUs: number, first: boolean): Promise<void> {
    const { order, afterSeq } = this.#range
    const read = await readSegments(this.#sql, {
      order,
      ids: this.#ids,
      fromUs: this.#up ? Math.max(atUs, this.#fromUs) : this.#fromUs,
      toUs: this.#up ? this.#toUs : Math.min(atUs, this.#toUs),
      first: first ? { afterSeq: this.#up ? (afterSeq ?? null) : null } : null,
      wanted: this.#wanted(),
      spanUs: this.#spanUs,
    })
    this.#spanUs = Math.max(LEAST_SPAN_US, 2 * Math.abs(read.edgeUs - atUs))
    this.#readMs = Date.now()
    this.#throughUs ??= read.throughUs
    if (this.#throughUs === null) return
    this.#toUs = Math.min(this.#toUs, this.#throughUs)
    this.#keptUs ??= read.keptUs
    // A day that was dropped under us is not to look like one in which nothing happened.
    if (read.keptUs > this.#keptUs && (this.#up ? atUs : this.#fromUs) < read.keptUs) {
      throw new LogDroppedError('no longer kept')
    }
    if (first) this.#logs = this.#markets.map((_, rank) => this.#logAt(rank))
    for (const [rank, { lastSeq }] of read.passed) this.#logs[rank]?.skip(lastSeq)
    for (const { rank, run } of read.runs) this.#logs[rank]?.add(run)
    for (const [rank, log] of this.#logs.entries()) log.expect(read.unread.get(rank) ?? null)
    this.#edgeUs = read.edgeUs
  }

  #wanted(): number {
    return Math.min(this.#range.most, STEP_RECORDS)
  }

  /** Whether all before the edge has been given out. */
  #passed(edgeUs: number): boolean {
    return this.#at !== null && comparePlaces(this.#at, this.#lastBefore(edgeUs)) === 0
  }

  /** The last place at which all sealed records are at hand. */
  #lastBefore(edgeUs: number): SweptPlace {
    return this.#up
      ? { us: Math.min(edgeUs - 1, this.#toUs), rank: LAST, seq: LAST }
      : { us: Math.max(edgeUs + 1, this.#fromUs), rank: -1, seq: -1 }
  }

  #holes(edgeUs: number): Hole[] {
    const at = this.#at?.us ?? (this.#up ? this.#fromUs : this.#toUs)
    const [fromUs, toUs] = this.#up ? [at, edgeUs] : [edgeUs, at]
    return this.#logs.flatMap((log) => log.holes(fromUs, toUs))
  }

  /** The edge, or where a hole that was not read to its end comes before it. */
  #until(edge: SweptPlace, hot: readonly HoleRead[]): SweptPlace {
    let until = edge
    for (const { rank, records, more } of hot) {
      const last = records.at(-1)
      if (!more || last === undefined) continue
      const place = { us: last.recv, rank, seq: last.seq }
      const before = comparePlaces(place, until)
      if (this.#up ? before < 0 : before > 0) until = place
    }
    return until
  }

  #take(until: SweptPlace, hot: readonly HoleRead[]): LoggedRecord[] {
    const byRank = new Map<number, BookRecord[]>()
    for (const { rank, records } of hot) {
      const known = byRank.get(rank)
      if (known === undefined) byRank.set(rank, [...records])
      else known.push(...records)
    }
    const rows: (LoggedRecord & { readonly rank: number })[] = []
    for (const [rank, market] of this.#markets.entries()) {
      for (const record of this.#logs[rank]?.take(until, byRank.get(rank) ?? []) ?? []) {
        rows.push({ market, record, rank })
      }
    }
    if (this.#markets.length > 1) {
      const sign = this.#up ? 1 : -1
      rows.sort(
        (a, b) =>
          sign * (a.record.recv - b.record.recv || a.rank - b.rank || a.record.seq - b.record.seq),
      )
    }
    return rows
  }

  #placeOf({ recvUs, ticker, seq }: LogPosition): SweptPlace {
    const rank = this.#markets.findIndex((market) => market.ticker >= ticker)
    if (this.#markets[rank]?.ticker === ticker) return { us: recvUs, rank, seq }
    // Between two of the markets, or after the last of them.
    return { us: recvUs, rank: (rank < 0 ? this.#markets.length : rank) - 0.5, seq: 0 }
  }

  #positionOf({ us, rank, seq }: SweptPlace): LogPosition {
    const place = Math.max(0, Math.min(rank, this.#markets.length - 1))
    const ticker = this.#markets[Math.floor(place)]?.ticker ?? ''
    return { recvUs: us as Micros, ticker, seq: Math.max(0, seq) as Seq }
  }
}
