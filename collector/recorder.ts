import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import { inPlaceOf, RefusedMarkets } from '#core/refused-record'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import type { Spool } from './spool/spool.ts'
import type { StoredRecord } from './store/entries.ts'

const RETRY_MS = 250
/**
 * Codes of an entry that no retry stores: ours, and Postgres's classes 22 and 23, bad data and
 * violated constraints (https://www.postgresql.org/docs/17/errcodes-appendix.html).
 */
const UNSTORABLE = /^(?:record_unstorable|2[23][0-9A-Z]{3})$/

export type RecorderOptions = {
  readonly spool: Pick<Spool, 'read' | 'arrival' | 'drained'>
  /** Stores entries in one transaction; may be repeated. */
  readonly write: (entries: readonly Entry[]) => Promise<readonly StoredRecord[] | 'lease_lost'>
  /** Hears of records that are durable, in order; the next batch waits for it. */
  readonly stored: (records: readonly StoredRecord[]) => Promise<void>
  /** Hears of a market whose record could never be stored, and since when its log is not to be believed. */
  readonly refused: (market: Ticker, since: Micros) => void
  readonly clock: Clock
  /** Entries in one transaction. */
  readonly batch: number
  /** Least time between two transactions. */
  readonly everyMs: number
}

/** Why a recorder rests: it was told to, all is drained, another collector writes, or the disk spoilt what was spooled. */
export type RecorderEnd = 'stopped' | 'drained' | 'lease_lost' | 'unreadable'

/** Brings what is spooled to Postgres, in order; it drops nothing, and lets the spool forget only what is durable. */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #refused = new RefusedMarkets()
  #durable: Micros | null = null
  #mode: 'running' | 'finishing' | 'stopping' = 'running'
  #wake: (() => void) | null = null
  /** Entries of the last transaction. */
  lastBatch = 0

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** The last watermark that Postgres holds. */
  get durable(): Micros | null {
    return this.#durable
  }

  /**
   * Records until it is told to finish and all that is spooled is durable, it is told to stop, or the lease is lost.
   * Throws as the spool does.
   */
  async run(): Promise<RecorderEnd> {
    const { batch: most, everyMs } = this.#options
    let next = this.#read(0)
    while (this.#mode !== 'stopping') {
      const batch = await next
      if (batch === null) {
        if (this.#mode === 'finishing') return 'drained'
        await this.#arrival()
        next = this.#read(0)
        continue
      }
      // What follows a hole can only be stored behind the gaps of another epoch.
      if (batch.lost) return 'unreadable'
      next = this.#read(batch.entries.length >= most ? 0 : everyMs)
      const records = await this.#store(this.#refused.readable(batch.entries))
      if (records === 'lease_lost' || records === 'stopped') return records
      this.lastBatch = batch.entries.length
      await this.#options.spool.drained(batch.position)
      this.#note(batch.entries)
      await this.#options.stored(records)
    }
    return 'stopped'
  }

  /** Ends `run` once nothing waits. */
  finish(): void {
    if (this.#mode === 'running') this.#mode = 'finishing'
    this.#wake?.()
  }

  /** Ends `run` after the transaction under way. */
  stop(): void {
    this.#mode = 'stopping'
    this.#wake?.()
  }

  /** Reads the next batch while the one before is being written. */
  #read(afterMs: number): ReturnType<Spool['read']> {
    const read = this.#rest(afterMs).then(() => this.#options.spool.read(this.#options.batch))
    // Whoever awaits it hears of its failure, if anybody still does.
    read.catch(() => {})
    return read
  }

  /** Tries until Postgres takes it: away is not lost. What is wrong with one entry costs no other. */
  async #store(
    entries: readonly Entry[],
  ): Promise<readonly StoredRecord[] | 'lease_lost' | 'stopped'> {
    for (let failed = 0; ; failed++) {
      try {
        const records = await this.#options.write(entries)
        if (failed > 0) logEvent('recorder_recovered', { failed })
        return records
      } catch (error) {
        const reason = codeOf(error)
        if (UNSTORABLE.test(reason)) return this.#storeParts(entries, reason)
        if (failed === 0) logEvent('record_failed', { reason })
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        if (this.#mode === 'stopping') return 'stopped'
      }
    }
  }

  async #storeParts(
    entries: readonly Entry[],
    reason: string,
  ): Promise<readonly StoredRecord[] | 'lease_lost' | 'stopped'> {
    const [only, ...others] = entries
    if (only === undefined) return []
    if (others.length === 0) return this.#storeInstead(only, reason)
    const half = Math.ceil(entries.length / 2)
    const first = await this.#store(entries.slice(0, half))
    if (typeof first === 'string') return first
    const second = await this.#store(this.#refused.readable(entries.slice(half)))
    return typeof second === 'string' ? second : [...first, ...second]
  }

  async #storeInstead(
    entry: Entry,
    reason: string,
  ): Promise<readonly StoredRecord[] | 'lease_lost' | 'stopped'> {
    if (entry.kind === 'aside') {
      logEvent('aside_refused', { reason })
      return []
    }
    logEvent('entry_refused', { kind: entry.kind, reason })
    if (entry.kind === 'record') {
      this.#refused.add(entry.market)
      this.#options.refused(entry.market, entry.record.recv)
    }
    return this.#store(inPlaceOf(entry, reason, this.#options.clock()))
  }

  #note(entries: readonly Entry[]): void {
    for (const entry of entries) if (entry.kind === 'mark') this.#durable = entry.mark.through
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      void this.#options.spool.arrival().then(resolve)
    })
  }

  /** Waits for company, unless we are to end. */
  #rest(ms: number): Promise<void> {
    if (ms === 0 || this.#mode !== 'running') return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
