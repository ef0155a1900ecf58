import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import { codeOf } from './seal-writer.ts'
import { type Outcome, SparingWriter, UNSTORABLE } from './sparing-writer.ts'
import type { Spool } from './spool/spool.ts'
import type { StoredRecord } from './store/entries.ts'
import { StoreRestoredError } from './store/same-store.ts'

const RETRY_MS = 250

export type RecorderOptions = {
  readonly spool: Pick<Spool, 'read' | 'arrival' | 'drained'>
  /** Stores entries in one transaction; may be repeated. */
  readonly write: (entries: readonly Entry[]) => Promise<readonly StoredRecord[] | 'lease_lost'>
  /** Hears of records that are durable, in order; the next batch waits for it. */
  readonly stored: (records: readonly StoredRecord[]) => Promise<void>
  /** Hears of each entry that could never be stored; the log of a record's market is not to be believed since then. */
  readonly refused: (entry: Entry) => void
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
  readonly #writer: SparingWriter
  #durable: Micros | null = null
  #mode: 'running' | 'finishing' | 'stopping' = 'running'
  #wake: (() => void) | null = null
  /** Entries of the last transaction. */
  lastBatch = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    const { refused, clock } = options
    this.#writer = new SparingWriter({ write: (entries) => this.#persist(entries), refused, clock })
  }

  /** The last watermark that Postgres holds. */
  get durable(): Micros | null {
    return this.#durable
  }

  /**
   * Records until it is told to finish and all that is spooled is durable, it is told to stop, or the lease is lost.
   * Throws as the spool does, and StoreRestoredError.
   */
  async run(): Promise<RecorderEnd> {
    const { batch: most, everyMs } = this.#options
    let next = this.#read(0)
    while (!this.#stopping) {
      const batch = await next
      if (batch === null) {
        if (this.#stopping) return 'stopped'
        const finishing = this.#mode === 'finishing'
        if (!finishing) await this.#arrival()
        next = this.#read(0)
        // What came after that look, but before the end was asked for, is there now.
        if (finishing && (await next) === null) return 'drained'
        continue
      }
      // What follows a hole can only be stored behind the gaps of another epoch.
      if (batch.lost) return 'unreadable'
      next = this.#read(batch.entries.length >= most ? 0 : everyMs)
      const records = await this.#writer.write(batch.entries)
      if (typeof records === 'string') return records
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

  get #stopping(): boolean {
    return this.#mode === 'stopping'
  }

  /** Reads the next batch while the one before is being written. */
  #read(afterMs: number): ReturnType<Spool['read']> {
    const read = this.#rest(afterMs).then(() => this.#options.spool.read(this.#options.batch))
    // Whoever awaits it hears of its failure, if anybody still does.
    read.catch(() => {})
    return read
  }

  /** Tries until Postgres takes it: away is not lost. Throws what no retry mends. */
  async #persist(entries: readonly Entry[]): Promise<Outcome> {
    for (let failed = 0; ; failed++) {
      try {
        const records = await this.#options.write(entries)
        if (failed > 0) logEvent('recorder_recovered', { failed })
        return records
      } catch (error) {
        const reason = codeOf(error)
        if (UNSTORABLE.test(reason) || error instanceof StoreRestoredError) throw error
        if (failed === 0) logEvent('record_failed', { reason })
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        if (this.#stopping) return 'stopped'
      }
    }
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
