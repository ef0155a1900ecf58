import type { Micros } from './instant.ts'
import type { BookRecord } from './log.ts'
import type { LogSeal } from './log-sealing.ts'
import { PackedRecords } from './packed-records.ts'
import { continues, dayOf, isFull, sealedAt, turnOf } from './sealing.ts'
import type { Ticker } from './ticker.ts'

/** What of one market's log waits to be sealed. */
export type UnsealedLog = {
  readonly marketId: number
  readonly market: Ticker
  /** How long after an hour's end its turn comes, µs. */
  readonly turnUs: number
  /** In order; only the last one grows. */
  runs: PackedRecords[]
  /** The last record that was added, -1 when there was none. */
  lastSeq: number
  /** The day whose start is sealed, or needs no seal; null while that is not known. */
  day: Micros | null
  /** How far it is sealed; null while only the store knows. */
  sealed: LogSeal | null
}

/** The records of all logs that wait to be sealed. */
export class Unsealed {
  readonly #logs = new Map<number, UnsealedLog>()
  readonly #full = new Set<UnsealedLog>()
  #size = 0

  /** Bytes that waiting records take. */
  get size(): number {
    return this.#size
  }

  get logs(): ReadonlyMap<number, UnsealedLog> {
    return this.#logs
  }

  /**
   * Takes the next record of a log; one that was taken before is passed over.
   * @returns whether a run is now complete
   */
  add(marketId: number, market: Ticker, record: BookRecord): boolean {
    const log = this.open(marketId, market)
    if (record.seq <= log.lastSeq) return false
    log.lastSeq = record.seq
    const run = log.runs.at(-1)
    const before = run?.size ?? 0
    if (run !== undefined && continues(run, record)) {
      run.add(record)
      this.#size += run.size - before
      if (!isFull(run)) return false
    } else {
      const begun = new PackedRecords(record)
      log.runs.push(begun)
      this.#size += begun.size
      if (run === undefined) return false
    }
    this.#full.add(log)
    return true
  }

  /** The log of a market, which from now on has its days sealed although nothing waits. */
  open(marketId: number, market: Ticker): UnsealedLog {
    const known = this.#logs.get(marketId)
    if (known !== undefined) return known
    const log: UnsealedLog = {
      marketId,
      market,
      turnUs: turnOf(market),
      runs: [],
      lastSeq: -1,
      day: null,
      sealed: null,
    }
    this.#logs.set(marketId, log)
    return log
  }

  /** Logs with runs that are full, or cut off by a new day. */
  full(): UnsealedLog[] {
    return [...this.#full]
  }

  /**
   * Logs whose turn has come: an hour of theirs has ended, or a day has begun.
   * @param through all records up to this moment were added
   */
  due(now: Micros, through: Micros): UnsealedLog[] {
    const due: UnsealedLog[] = []
    const today = dayOf(through)
    for (const log of this.#logs.values()) {
      const [run] = log.runs
      const aged = run !== undefined && sealedAt(run, log.turnUs) <= now
      const silent = (log.day ?? 0) < today && today + log.turnUs <= through
      if (aged || silent || this.#full.has(log)) due.push(log)
    }
    return due
  }

  /** The logs with the most waiting records of those that may be sealed, greatest first. */
  greatest(count: number, sealable: (marketId: number) => boolean): UnsealedLog[] {
    const waiting: { readonly log: UnsealedLog; readonly size: number }[] = []
    for (const log of this.#logs.values()) {
      if (log.runs.length > 0 && sealable(log.marketId)) waiting.push({ log, size: sizeOf(log) })
    }
    waiting.sort((a, b) => b.size - a.size)
    return waiting.slice(0, count).map(({ log }) => log)
  }

  /**
   * Takes out what is to be sealed of a log now: its complete runs, and the growing one too when its turn has come or
   * `all` are wanted.
   * @param most runs at once
   */
  take(log: UnsealedLog, now: Micros, all: boolean, most: number): PackedRecords[] {
    const last = log.runs.at(-1)
    const whole = all || (last !== undefined && (isFull(last) || sealedAt(last, log.turnUs) <= now))
    const count = whole ? log.runs.length : Math.max(0, log.runs.length - 1)
    if (count <= most) this.#full.delete(log)
    return log.runs.splice(0, Math.min(count, most))
  }

  /** Runs that were taken are in the store, or will never be. */
  release(runs: readonly PackedRecords[]): void {
    for (const { size } of runs) this.#size -= size
  }

  /** Nothing of a log waits, and it is over. */
  close(log: UnsealedLog): void {
    if (log.runs.length === 0) this.#logs.delete(log.marketId)
  }
}

function sizeOf(log: UnsealedLog): number {
  return log.runs.reduce((sum, { size }) => sum + size, 0)
}
