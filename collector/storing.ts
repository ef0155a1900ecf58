import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { LiveBook } from '#core/sealed-run'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import type { EpochEnd } from './collector.ts'
import type { CollectorConfig } from './config.ts'
import { logEvent } from './log-event.ts'
import type { Metrics } from './metrics.ts'
import { Recorder } from './recorder.ts'
import { Sealer } from './sealer.ts'
import type { Spool } from './spool/spool.ts'
import { type StoredRecord, writeEntries } from './store/entries.ts'
import type { Hold } from './store/lease.ts'
import type { MarketIds } from './store/market-ids.ts'
import { dropSealedHours, makePartitions } from './store/partitions.ts'
import { SealRecovery } from './store/seal-recovery.ts'

export type StoringOptions = {
  readonly config: CollectorConfig
  readonly sql: Sql
  readonly hold: Hold
  readonly spool: Spool
  readonly ids: MarketIds
  readonly clock: Clock
  readonly metrics: Metrics
  readonly bookAt: (market: Ticker) => LiveBook | null
  /** A market's log is not to be believed since then. */
  readonly suspect: (market: Ticker, since: Micros) => void
  readonly over: (end: EpochEnd) => void
}

/** From the spool to Postgres, and there from rows to segments. Nothing of it is waited for by whoever reads the exchange. */
export class Storing {
  /** Records stored by this epoch. */
  stored = 0
  readonly #options: StoringOptions
  readonly #recorder: Recorder
  readonly #sealer: Sealer
  readonly #recovery: SealRecovery
  #timers: NodeJS.Timeout[] = []
  #recording: Promise<void> = Promise.resolve()

  constructor(options: StoringOptions) {
    this.#options = options
    const { config, sql, hold, spool, ids, clock, suspect, over } = options
    this.#recovery = new SealRecovery({ sql, hold })
    this.#sealer = new Sealer({
      sql,
      hold,
      clock,
      most: config.SEAL_MAX_BYTES,
      everyMs: config.SEAL_EVERY_MS,
      recovered: (marketId) => this.#recovery.recovered(marketId),
      bookAt: options.bookAt,
      suspect,
      leaseLost: () => over({ kind: 'lease_lost' }),
    })
    this.#recorder = new Recorder({
      spool,
      write: (entries) => writeEntries(sql, hold, ids, entries, clock()),
      stored: (records) => this.#note(records),
      refused: suspect,
      clock,
      batch: config.RECORD_BATCH,
      everyMs: config.RECORD_EVERY_MS,
    })
  }

  /** The last watermark that Postgres holds. */
  get durable(): Micros | null {
    return this.#recorder.durable
  }

  /** @param openings the gaps that the opening of the epoch stored: each log's first records */
  start(openings: readonly StoredRecord[]): void {
    const { config } = this.#options
    this.#recording = this.#sealer.add(openings).then(() => this.#record())
    this.#recovery.start()
    this.#sealer.start()
    this.#timers = [setInterval(() => this.#tend(), config.PARTITIONS_EVERY_MS)]
  }

  /** Rests, once all that is spooled is in Postgres or as it is. */
  async stop(how: 'drained' | 'as it is'): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    if (how === 'drained') this.#recorder.finish()
    else this.#recorder.stop()
    await this.#recording
    await Promise.all([this.#sealer.stop(), this.#recovery.stop()])
  }

  async #record(): Promise<void> {
    const { over } = this.#options
    try {
      const end = await this.#recorder.run()
      if (end === 'lease_lost') over({ kind: 'lease_lost' })
      if (end === 'unreadable') over({ kind: 'unstorable', reason: 'spool_unreadable' })
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      logEvent('recorder_failed', { reason })
      over({ kind: 'unstorable', reason })
    }
  }

  async #note(records: readonly StoredRecord[]): Promise<void> {
    const { metrics, clock } = this.#options
    const now = clock()
    this.stored += records.length
    metrics.batch(this.#recorder.lastBatch)
    for (const { record } of records) metrics.durableLag.observe(now - record.recv)
    await this.#sealer.add(records)
  }

  async #tend(): Promise<void> {
    const { sql, clock } = this.#options
    try {
      await makePartitions(sql, clock())
      await dropSealedHours(sql, clock())
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      logEvent('partitions_missing', { reason })
    }
  }
}
