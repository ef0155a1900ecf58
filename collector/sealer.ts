import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { keepOpening } from '#core/kept-opening'
import { type LogSeal, sealLog } from '#core/log-sealing'
import type { PackedRecords } from '#core/packed-records'
import type { LiveBook } from '#core/sealed-run'
import { dayOf } from '#core/sealing'
import type { Ticker } from '#core/ticker'
import { Unsealed, type UnsealedLog } from '#core/unsealed'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import { codeOf, type LogPart, logPart, writeParts } from './seal-writer.ts'
import type { StoredRecord } from './store/entries.ts'
import type { Hold } from './store/lease.ts'
import { lastSegments } from './store/segments.ts'

/** Logs in one transaction, and runs of one log. */
const LOGS_AT_ONCE = 64
const RUNS_AT_ONCE = 16
/** From this share of the bound on, runs are sealed before their time, so many of the greatest at a time. */
const PRESSED = 0.75
const GREATEST = 512
const NOTHING = 0 as Micros
const UNSEALED: LogSeal = {
  opening: keepOpening({ kind: 'new' }),
  sealedUs: NOTHING,
  failing: null,
}

export type SealerOptions = {
  readonly sql: Sql
  readonly hold: Hold
  readonly clock: Clock
  /** Bytes of records that may wait in memory. */
  readonly most: number
  /** Time between two looks for what is due. */
  readonly everyMs: number
  /** The watermark: every record up to it was added. A day does not begin before; null while there is none. */
  readonly through: () => Micros | null
  /** Looks, in the transaction that seals, whether the store still holds what it held. Throws when it does not. */
  readonly sameStore: (tx: TransactionSql) => Promise<void>
  /** Whether all that earlier epochs wrote of a log is sealed, or given up. */
  readonly recovered: (marketId: number) => boolean
  /** The live book of a market, null while it is not known. */
  readonly bookAt: (market: Ticker) => LiveBook | null
  /** A log could not be sealed: its book is not to be believed since then. */
  readonly suspect: (market: Ticker, since: Micros) => void
  /** Hears what was sealed. */
  readonly sealed?: (segments: number, records: number) => void
  readonly leaseLost: () => void
}

type Taken = {
  readonly log: UnsealedLog
  readonly runs: readonly PackedRecords[]
  readonly day: Micros
}

/** Makes segments of what is durable in `book_deltas`, within its memory: whoever records waits for it beyond that. */
export class Sealer {
  readonly #options: SealerOptions
  readonly #unsealed = new Unsealed()
  /** Made but not known to be written: tried again as it is, so that the store never holds another half of it. */
  #held: LogPart<Taken>[] = []
  #waiters: (() => void)[] = []
  #wake: (() => void) | null = null
  #state: 'running' | 'stopping' | 'over' = 'running'
  #looked = 0
  #working: Promise<void> = Promise.resolve()
  /** Segments and records sealed, and runs that could not be. */
  readonly counts = { segments: 0, records: 0, mismatches: 0 }

  constructor(options: SealerOptions) {
    this.#options = options
  }

  /** Bytes of records that wait. */
  get waiting(): number {
    return this.#unsealed.size
  }

  /**
   * Takes records that are durable, in order; a repeat is passed over, as is everything once it is told to stop: the next
   * epoch finds that in `book_deltas`.
   * @returns when there is room for more
   */
  async add(records: readonly StoredRecord[]): Promise<void> {
    if (this.#state !== 'running') return
    let complete = false
    for (const { marketId, market, record } of records) {
      if (this.#unsealed.add(marketId, market, record)) complete = true
    }
    if (complete || this.#pressed) this.#wake?.()
    if (this.waiting <= this.#options.most) return
    await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  /** Seals in the background until `stop`. */
  start(): void {
    this.#working = this.#run()
  }

  /** Ends after the transaction under way; what is not sealed stays in `book_deltas` for the next epoch. */
  async stop(): Promise<void> {
    if (this.#state === 'running') this.#state = 'stopping'
    this.#wake?.()
    this.#makeRoom()
    await this.#working
  }

  /** Seals all that is due at this moment. Throws as Postgres does; what was to be sealed then waits for the next time. */
  async seal(now: Micros): Promise<'sealed' | 'lease_lost'> {
    if ((await this.#writeHeld()) === 'lease_lost') return 'lease_lost'
    return this.#sealLogs(this.#unsealed.due(now, this.#through(now)), now, false)
  }

  async #run(): Promise<void> {
    for (let failed = 0; this.#state === 'running'; ) {
      const before = this.counts.segments
      try {
        if ((await this.#look()) === 'lease_lost') return this.#end()
        if (failed > 0) logEvent('seal_recovered', { failed })
        failed = 0
      } catch (error) {
        if (failed === 0) logEvent('seal_failed', { reason: codeOf(error) })
        failed += 1
      }
      if (failed > 0 || !this.#busy(before)) await this.#rest()
    }
  }

  async #look(): Promise<'sealed' | 'lease_lost'> {
    const now = this.#options.clock()
    if ((await this.#writeHeld()) === 'lease_lost') return 'lease_lost'
    if ((await this.#sealLogs(this.#greatest(), now, true)) === 'lease_lost') return 'lease_lost'
    if (now - this.#looked < this.#options.everyMs * 1000) {
      return this.#sealLogs(this.#unsealed.full(), now, false)
    }
    this.#looked = now
    return this.seal(now)
  }

  get #pressed(): boolean {
    return this.waiting > this.#options.most * PRESSED
  }

  /** What is sealed before its time, for want of room. */
  #greatest(): UnsealedLog[] {
    if (!this.#pressed) return []
    return this.#unsealed.greatest(GREATEST, this.#options.recovered)
  }

  /** Whether there is something to seal at once. */
  #busy(before: number): boolean {
    const full = this.#unsealed.full().some(({ marketId }) => this.#options.recovered(marketId))
    return full || (this.#pressed && this.counts.segments > before)
  }

  async #sealLogs(
    logs: readonly UnsealedLog[],
    now: Micros,
    all: boolean,
  ): Promise<'sealed' | 'lease_lost'> {
    const ready = logs.filter(({ marketId }) => this.#options.recovered(marketId))
    for (let at = 0; at < ready.length && this.#state === 'running'; at += LOGS_AT_ONCE) {
      const some = ready.slice(at, at + LOGS_AT_ONCE)
      await this.#learn(some)
      for (const log of some) {
        this.#held.push(this.#make(log, now, all))
        // A run takes about a millisecond: frames are read in between.
        await new Promise((resolve) => setImmediate(resolve))
      }
      if ((await this.#writeHeld()) === 'lease_lost') return 'lease_lost'
    }
    return 'sealed'
  }

  /** Finds out how far logs are sealed that this epoch has not sealed yet. */
  async #learn(logs: readonly UnsealedLog[]): Promise<void> {
    const strange = logs.filter(({ sealed }) => sealed === null)
    const ids = strange.map(({ marketId }) => marketId)
    const lasts = await lastSegments(this.#options.sql, ids)
    for (const log of strange) {
      const last = lasts.get(log.marketId)
      if (last?.closing === null) logEvent('segment_unreadable', { market: log.market })
      const opening = keepOpening(last?.closing ?? { kind: 'new' })
      log.sealed = { opening, sealedUs: last?.firstUs ?? NOTHING, failing: null }
    }
  }

  /** Until when nothing more can come: what is durable may be behind the clock. */
  #through(now: Micros): Micros {
    return Math.min(now, this.#options.through() ?? NOTHING) as Micros
  }

  #make(log: UnsealedLog, now: Micros, all: boolean): LogPart<Taken> {
    const through = this.#through(now)
    const runs = this.#unsealed.take(log, now, all, RUNS_AT_ONCE)
    const before = log.sealed ?? UNSEALED
    const next = log.runs[0]?.first.recv ?? through
    const live = log.runs.length > 0 ? null : this.#options.bookAt(log.market)
    const part = sealLog(before, runs, next, live)
    return logPart({ log, runs, day: dayOf(through) }, log.marketId, part)
  }

  async #writeHeld(): Promise<'written' | 'lease_lost'> {
    if (this.#held.length === 0) return 'written'
    const { sql, hold, sameStore } = this.#options
    const outcome = await writeParts(sql, hold, this.#held, sameStore)
    if (outcome === 'lease_lost') return outcome
    for (const part of outcome.written) this.#settle(part)
    for (const { part, code } of outcome.refused) this.#refused(part, code)
    this.#held = []
    if (this.waiting <= this.#options.most) this.#makeRoom()
    return 'written'
  }

  #settle({ of: { log, runs, day }, part, segments }: LogPart<Taken>): void {
    this.#unsealed.release(runs)
    log.sealed = part.after
    log.day = day
    const records = segments.reduce((sum, { row }) => sum + row.records, 0)
    this.counts.segments += segments.length
    this.counts.records += records
    this.#options.sealed?.(segments.length, records)
    if (part.suspect !== null) {
      const { first, last, reason } = part.failed.at(-1) ?? { first: null, last: null, reason: '' }
      this.#mismatch(log, part.suspect, reason, first?.seq ?? null, last?.seq ?? null)
    }
    if (part.over) this.#unsealed.close(log)
  }

  /** What Postgres will not take stays where it is. */
  #refused({ of: { log, runs }, part }: LogPart<Taken>, code: string): void {
    this.#unsealed.release(runs)
    const [first, last] = [runs[0]?.first, runs.at(-1)?.last]
    if (first === undefined || last === undefined || log.sealed === null) return
    log.sealed = { ...log.sealed, failing: { first, last, reason: code } }
    this.#mismatch(log, part.suspect ?? first.recv, code, first.seq, last.seq)
  }

  #mismatch(
    { market }: UnsealedLog,
    since: Micros,
    reason: string,
    first: number | null,
    last: number | null,
  ): void {
    this.counts.mismatches += 1
    logEvent('seal_mismatch', { market, first, last, reason })
    this.#options.suspect(market, since)
  }

  #makeRoom(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #end(): void {
    this.#state = 'over'
    this.#makeRoom()
    this.#options.leaseLost()
  }

  #rest(): Promise<void> {
    if (this.#state !== 'running') return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.everyMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
