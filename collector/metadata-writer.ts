import { createHash } from 'node:crypto'
import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { TRADING_FIELDS } from '#core/kalshi/rest'
import { logEvent } from './log-event.ts'
import type { Hold } from './store/lease.ts'
import { upsertEvents, upsertMarkets, upsertSeries } from './store/metadata.ts'
import type { EventRow, MarketRow, SeriesRow } from './store/metadata-rows.ts'
import type { RefusedRow } from './store/upsert.ts'

/** What is described. */
export type MetadataRow =
  | { readonly kind: 'series'; readonly row: SeriesRow }
  | { readonly kind: 'event'; readonly row: EventRow }
  | { readonly kind: 'market'; readonly row: MarketRow }

export type MetadataWriterOptions = {
  readonly sql: Sql
  readonly hold: Hold
  readonly clock: () => Micros
  /** Rows that may wait. */
  readonly bound: number
  /** Between two tries while Postgres is away, ms. */
  readonly retryMs: number
  readonly leaseLost: () => void
  /** Hears of a row that Postgres will not take. */
  readonly refused: (row: MetadataRow, code: string) => void
  /** Postgres is back after rows had to be left out: they are to be offered again. */
  readonly offerAgain: () => void
}

const AT_ONCE = 1000
/** What differs though the description is the same. */
const PASSING: ReadonlySet<string> = new Set([...TRADING_FIELDS, 'seen_us', 'untold'])

/**
 * Brings descriptions to Postgres, in the order in which they were first offered, the last word on each alone. Nobody
 * waits for it: while Postgres is away rows wait up to a bound, and what comes then is left out and asked for again.
 */
export class MetadataWriter {
  readonly #options: MetadataWriterOptions
  readonly #waiting = new Map<string, MetadataRow>()
  /** Of each row that is stored, so that the same is not written again. */
  readonly #prints = new Map<string, number>()
  #running: Promise<void> | null = null
  #away = false
  #stopped = false
  #leftOut = 0
  #settled: (() => void)[] = []

  constructor(options: MetadataWriterOptions) {
    this.#options = options
  }

  /** Rows that wait. */
  get depth(): number {
    return this.#waiting.size
  }

  /** Takes a row to be stored, unless it says nothing new or there is no more room; it never waits. */
  offer(given: MetadataRow): void {
    const key = keyOf(given)
    if (this.#stopped) return
    const before = this.#waiting.get(key)
    if (before === undefined) {
      if (this.#prints.get(key) === printOf(given)) return
      if (this.#waiting.size >= this.#options.bound) {
        this.#leftOut += 1
        return
      }
    }
    this.#waiting.set(key, before === undefined ? given : follow(before, given))
    this.#running ??= this.#run().finally(() => {
      this.#running = null
      for (const wake of this.#settled.splice(0)) wake()
    })
  }

  /** The market is over: its description will hardly be offered again. */
  forget(market: string): void {
    this.#prints.delete(`market ${market}`)
  }

  /** Waits until half the room is free, for another page, or it is plain that Postgres is away. */
  async room(): Promise<void> {
    while (this.#waiting.size > this.#options.bound / 2 && !this.#away && !this.#stopped) {
      await this.#next()
    }
  }

  /** Waits until nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== null && !this.#stopped) await this.#next()
  }

  /** Rests after the write under way; what waits is left to the next start, which asks the exchange again. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const wake of this.#settled.splice(0)) wake()
    await this.#running
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#stopped) {
      const batch = this.#batch()
      try {
        if ((await this.#write(batch)) === 'lease_lost') {
          this.#stopped = true
          this.#options.leaseLost()
          return
        }
        this.#back()
        for (const [key, given] of batch) {
          if (this.#waiting.get(key) === given) this.#waiting.delete(key)
          this.#prints.set(key, printOf(given))
        }
      } catch (error) {
        if (!this.#away) logEvent('metadata_failed', { reason: nameOf(error) })
        this.#away = true
        await new Promise((resolve) => setTimeout(resolve, this.#options.retryMs))
      }
      for (const wake of this.#settled.splice(0)) wake()
    }
  }

  #back(): void {
    this.#away = false
    if (this.#leftOut === 0 || this.#waiting.size > this.#options.bound / 2) return
    logEvent('metadata_left_out', { rows: this.#leftOut })
    this.#leftOut = 0
    this.#options.offerAgain()
  }

  #batch(): [string, MetadataRow][] {
    const batch: [string, MetadataRow][] = []
    for (const entry of this.#waiting) {
      if (batch.push(entry) === AT_ONCE) break
    }
    return batch
  }

  async #write(batch: readonly [string, MetadataRow][]): Promise<'written' | 'lease_lost'> {
    const { sql, hold, clock } = this.#options
    const series: SeriesRow[] = []
    const events: EventRow[] = []
    const markets: MarketRow[] = []
    for (const [, { kind, row }] of batch) {
      if (kind === 'series') series.push(row)
      else if (kind === 'event') events.push(row)
      else markets.push(row)
    }
    const stored = [
      ['series', series.length > 0 ? await upsertSeries(sql, hold, series, clock()) : NONE],
      ['event', events.length > 0 ? await upsertEvents(sql, hold, events, clock()) : NONE],
      ['market', markets.length > 0 ? await upsertMarkets(sql, hold, markets, clock()) : NONE],
    ] as const
    for (const [kind, outcome] of stored) {
      if (outcome === 'lease_lost') return outcome
      for (const { ticker, code } of outcome.refused) this.#refuse(batch, `${kind} ${ticker}`, code)
    }
    return 'written'
  }

  #refuse(batch: readonly [string, MetadataRow][], key: string, code: string): void {
    const [, given] = batch.find(([each]) => each === key) ?? []
    if (given !== undefined) this.#options.refused(given, code)
  }
}

const NONE: { readonly refused: readonly RefusedRow[] } = { refused: [] }

/** The last word on a row that waits; that nobody told of its result stays so until it is stored. */
function follow(before: MetadataRow, given: MetadataRow): MetadataRow {
  if (before.kind !== 'market' || given.kind !== 'market' || !before.row.untold) return given
  return { kind: 'market', row: { ...given.row, untold: true } }
}

function keyOf({ kind, row }: MetadataRow): string {
  return `${kind} ${row.ticker}`
}

/** 48 bits of a hash over all but what changes with every trade, and the moment of looking. */
function printOf({ row }: MetadataRow): number {
  const text = JSON.stringify(row, (name, value) => (PASSING.has(name) ? undefined : value))
  return createHash('md5').update(text).digest().readUIntBE(0, 6)
}

function nameOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
