import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { BookRecord } from '#core/log'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'

/** A frame may be stamped this much back, so no watermark comes nearer to the clock. */
const STAMPED_BACK_US = 1001
const RETRY_MS = 250
/**
 * Codes of a batch that no retry stores: ours, and Postgres's classes 22 and 23, bad data and
 * violated constraints (https://www.postgresql.org/docs/17/errcodes-appendix.html).
 */
const UNSTORABLE = /^(?:record_unstorable|epoch_not_open|2[23][0-9A-Z]{3})$/

/** One transaction's worth: records, and the watermark that holds once they are durable. */
export type RecordBatch = {
  readonly records: readonly { readonly marketId: number; readonly record: BookRecord }[]
  readonly watermark: Micros
}

/** Writes a batch; may be repeated. */
export type WriteBatch = (batch: RecordBatch) => Promise<'written' | 'lease_lost'>

export type RecorderOptions = {
  readonly write: WriteBatch
  readonly clock: Clock
  readonly marketIds: ReadonlyMap<Ticker, number>
  /** Records that may wait. When full the exchange is not read until half of it is free. */
  readonly queue: number
  readonly batch: number
  /** The least time between two transactions while records come. */
  readonly everyMs: number
  /** The most time between two watermarks when nothing comes. */
  readonly watermarkMs: number
  readonly full: () => void
  readonly drained: () => void
  readonly leaseLost: () => void
  /** A batch can never be stored, whatever is tried: a fault of ours. */
  readonly broken: (reason: string) => void
}

/** Brings every record to Postgres, in order, with the watermark; it drops nothing. */
export class Recorder {
  readonly #options: RecorderOptions
  #queue: MarketRecord[] = []
  #full = false
  #stopping = false
  #wake: (() => void) | null = null
  #durable: Micros | null = null
  #done: Promise<void> = Promise.resolve()

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Records waiting to be written. */
  get depth(): number {
    return this.#queue.length
  }

  /** The last watermark that Postgres holds. */
  get durable(): Micros | null {
    return this.#durable
  }

  /**
   * Takes records. The queue goes past its bound only by what ends the reading of the exchange:
   * one gap record for each market.
   */
  add(records: readonly MarketRecord[]): void {
    for (const record of records) this.#queue.push(record)
    if (this.#queue.length >= this.#options.queue && !this.#full) {
      this.#full = true
      logEvent('recorder_full', { waiting: this.#queue.length })
      this.#options.full()
    }
  }

  /** Writes what waits and one last watermark, then rests. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#done
  }

  async #run(): Promise<void> {
    for (;;) {
      const last = this.#stopping
      const batch = this.#cut()
      if ((await this.#write(batch)) !== 'written') return
      this.#durable = batch.watermark
      this.#queue = this.#queue.slice(batch.records.length)
      if (this.#full && this.#queue.length <= this.#options.queue / 2) {
        this.#full = false
        this.#options.drained()
      }
      if (last && this.#queue.length === 0) return
      const { batch: most, everyMs, watermarkMs } = this.#options
      await this.#rest(this.#queue.length >= most ? 0 : everyMs)
      if (this.#queue.length === 0) await this.#rest(watermarkMs - everyMs)
    }
  }

  #cut(): RecordBatch {
    let end = Math.min(this.#options.batch, this.#queue.length)
    // What was received of a market together is stored together: no crash may leave half of an amend.
    while (end < this.#queue.length && end > 0 && this.#together(end)) end += 1
    const taken = this.#queue.slice(0, end)
    const left = this.#queue[taken.length]?.record.recv
    const now = this.#options.clock()
    const records = taken.map(({ market, record }) => {
      const marketId = this.#options.marketIds.get(market)
      if (marketId === undefined) throw new Error(`market ${market} was never stored`)
      return { marketId, record }
    })
    return { records, watermark: (Math.min(now, left ?? now) - STAMPED_BACK_US) as Micros }
  }

  #together(index: number): boolean {
    const [before, after] = [this.#queue[index - 1], this.#queue[index]]
    return before?.market === after?.market && before?.record.recv === after?.record.recv
  }

  async #write(batch: RecordBatch): Promise<'written' | 'lease_lost' | 'broken'> {
    for (let failed = 0; ; failed++) {
      try {
        const outcome = await this.#options.write(batch)
        if (outcome === 'lease_lost') this.#options.leaseLost()
        else if (failed > 0) logEvent('recorder_recovered', { failed })
        return outcome
      } catch (error) {
        const reason = codeOf(error)
        if (failed === 0) logEvent('record_failed', { reason })
        // What is wrong with a row stays wrong: the next epoch begins behind a gap, and goes on.
        if (UNSTORABLE.test(reason)) {
          this.#options.broken(reason)
          return 'broken'
        }
        // Away is not lost: the same batch is tried until Postgres takes it.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  /** Waits for company, unless we are stopping. */
  #rest(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms))
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
