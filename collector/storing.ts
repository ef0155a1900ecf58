import type { Sql } from 'postgres'
import type { Entry } from '#core/entry'
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
import { dropOldDays, type Retention } from './store/retention.ts'
import { type Durable, requireSameStore } from './store/same-store.ts'
import { SealRecovery } from './store/seal-recovery.ts'

export type StoringOptions = {
  readonly config: Pick<
    CollectorConfig,
    'SEAL_MAX_BYTES' | 'SEAL_EVERY_MS' | 'RECORD_BATCH' | 'RECORD_EVERY_MS' | 'PARTITIONS_EVERY_MS'
  > &
    Retention
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
  #durable: Durable = { through: null, last: null }
  #tending = false

  constructor(options: StoringOptions) {
    this.#options = options
    const { config, sql, hold, spool, clock, suspect, over } = options
    const sealed = (segments: number, records: number) => options.metrics.sealed(segments, records)
    this.#recovery = new SealRecovery({ sql, hold, sealed })
    this.#sealer = new Sealer({
      sql,
      hold,
      clock,
      most: config.SEAL_MAX_BYTES,
      everyMs: config.SEAL_EVERY_MS,
      through: () => this.#recorder.durable,
      sameStore: (tx) => requireSameStore(tx, hold, this.#durable, clock()),
      recovered: (marketId) => this.#recovery.recovered(marketId),
      bookAt: options.bookAt,
      suspect,
      sealed,
      leaseLost: () => over({ kind: 'lease_lost' }),
    })
    this.#recorder = new Recorder({
      spool,
      write: (entries) => this.#write(entries),
      stored: (records) => this.#note(records),
      refused: (entry) => {
        options.metrics.setAside('unstorable')
        if (entry.kind === 'record') suspect(entry.market, entry.record.recv)
      },
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
    this.#durable = { through: null, last: openings.at(-1) ?? null }
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
    // The recorder may wait for the sealer, which may wait for Postgres.
    await Promise.all([this.#recording, this.#sealer.stop(), this.#recovery.stop()])
  }

  async #write(entries: readonly Entry[]): Promise<readonly StoredRecord[] | 'lease_lost'> {
    const { sql, hold, ids, clock } = this.#options
    const { through, last } = this.#durable
    const records = await writeEntries(sql, hold, ids, entries, clock(), this.#durable)
    if (records === 'lease_lost') return records
    const mark = entries.findLast((entry) => entry.kind === 'mark')?.mark
    this.#durable = { through: mark?.through ?? through, last: records.at(-1) ?? last }
    return records
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
    const { sql, clock, config } = this.#options
    if (this.#tending) return
    this.#tending = true
    try {
      await makePartitions(sql, clock())
      await dropSealedHours(sql, clock())
      await dropOldDays(sql, config)
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      logEvent('partitions_missing', { reason })
    } finally {
      this.#tending = false
    }
  }
}
