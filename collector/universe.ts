import type { Sql } from 'postgres'
import type { SetAside } from '#core/entry'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { Frame } from '#core/kalshi/decode'
import type { MarketChange } from '#core/market-change'
import type { MarketState } from '#core/market-life'
import type { MarketLog } from '#core/market-log'
import type { Standing } from '#core/market-standing'
import type { Selection } from '#core/selection'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import { Discovery } from './discovery.ts'
import { Following } from './following.ts'
import { Hierarchy } from './hierarchy.ts'
import type { KalshiRest } from './kalshi-rest.ts'
import { logEvent } from './log-event.ts'
import { Looks } from './looks.ts'
import { Lookups } from './lookups.ts'
import { type MetadataRow, MetadataWriter } from './metadata-writer.ts'
import type { Hold } from './store/lease.ts'
import { printStorable } from './store/storable-json.ts'
import { readStoredUniverse } from './universe-start.ts'

export type UniverseConfig = {
  readonly SELECT: Selection
  readonly RECONCILE_MS: number
  readonly REST_LAG_MS: number
  readonly SETTLE_GRACE_MS: number
  readonly METADATA_QUEUE: number
}

export type UniverseOptions = {
  readonly config: UniverseConfig
  readonly sql: Sql
  readonly rest: KalshiRest
  readonly hold: Hold
  /** Logs that earlier epochs left open, by market; those of markets that are followed are added, settled ones go. */
  readonly logs: Map<Ticker, MarketLog>
  readonly clock: Clock
  readonly follow: (markets: readonly Ticker[]) => void
  readonly unfollow: (markets: readonly Ticker[]) => void
  /** Hears of the records that the universe writes: ends, and gaps about them. */
  readonly records: (records: readonly MarketRecord[]) => void
  readonly change: (change: MarketChange) => void
  /** Hears what is new of where a market stands. */
  readonly stands: (standing: Standing) => void
  /** Hears of descriptions that Postgres will not take. */
  readonly aside: (aside: SetAside) => void
  readonly leaseLost: () => void
}

export type UniverseStatus = {
  /** Markets that are not over. */
  readonly known: number
  readonly followed: number
  /** Descriptions that wait for Postgres, and single objects that the exchange is to be asked for. */
  readonly metadataWaiting: number
  readonly lookups: number
  /** Whole looks over the exchange's lists, and when the last of them began. */
  readonly looks: number
  readonly lookedUs: Micros | null
}

const TICK_MS = 200
/** How long a settled market's log is told from memory. */
const KEEP_MS = 600_000
const METADATA_RETRY_MS = 500
/** Markets that closed and settled while we were away are listed if that is not longer ago. */
const AWAY_US = 3 * 86_400_000_000
const ASIDE_CHARACTERS = 4000

/** Which markets there are, what becomes of them, and which are followed. */
export class Universe {
  readonly #options: UniverseOptions
  readonly #hierarchy: Hierarchy
  readonly #writer: MetadataWriter
  readonly #following: Following
  readonly #lookups: Lookups
  readonly #discovery: Discovery
  readonly #looks: Looks
  #ticks: NodeJS.Timeout | null = null

  constructor(options: UniverseOptions) {
    this.#options = options
    const { rest, sql, hold, config, logs, clock, change } = options
    const { SELECT: selection, REST_LAG_MS: lagMs, SETTLE_GRACE_MS: graceMs } = config
    const hierarchy = new Hierarchy(change, lagMs * 1000)
    const writer = new MetadataWriter({
      ...{ sql, hold, clock },
      bound: config.METADATA_QUEUE,
      retryMs: METADATA_RETRY_MS,
      leaseLost: options.leaseLost,
      refused: (given, code) => this.#refused(given, code),
      offerAgain: () => this.#looks.now(),
    })
    const following = new Following({
      ...{ epoch: hold.epoch, logs, selection, clock, lagMs, graceMs, change },
      keepMs: KEEP_MS,
      follow: options.follow,
      unfollow: options.unfollow,
      records: options.records,
      stands: options.stands,
      forgotten: (market) => writer.forget(market),
    })
    const lookups = new Lookups({
      rest,
      clock,
      found: (kind, objects, asked) => this.#discovery.found(kind, objects, asked),
    })
    const discovery = new Discovery({ hierarchy, following, writer, lookups, clock, change, lagMs })
    this.#hierarchy = hierarchy
    this.#writer = writer
    this.#following = following
    this.#lookups = lookups
    this.#discovery = discovery
    const everyMs = config.RECONCILE_MS
    this.#looks = new Looks({ rest, clock, discovery, following, everyMs })
  }

  /**
   * Begins with the markets that the store knows, at once, and looks over the exchange's lists in the background; with an
   * empty store it waits for the first look. Throws KalshiRestError then, and as Postgres does; it is then to be stopped.
   */
  async start(): Promise<void> {
    const { sql, logs, hold, clock, rest } = this.#options
    const limits = rest.readLimits()
    const stored = await readStoredUniverse(sql, [...logs.keys()], hold.epoch)
    const now = clock()
    for (const row of stored.series) this.#hierarchy.series(row, now)
    for (const row of stored.events) this.#hierarchy.event(row, null, now)
    for (const state of stored.markets) this.#following.load(state)
    this.#following.flush()
    this.#ticks = setInterval(() => this.#following.tick(), TICK_MS)
    this.#looks.overSince = Math.max(stored.through ?? now, now - AWAY_US) as Micros
    if (stored.markets.length > 0) {
      this.#discovery.begun = true
      void limits.then(() => this.#looks.now())
      return
    }
    await limits
    await this.#looks.first()
  }

  /** Takes a frame of the lifecycle channel; others are none of its business. */
  frame(frame: Frame, now: Micros): void {
    this.#discovery.frame(frame, now)
  }

  /** The lifecycle channel has not told all: REST is asked, at once, or once more after the look under way. */
  missed(): void {
    this.#looks.now()
  }

  /** Where a market stands; null when it is not known, or over for long. */
  state(market: Ticker): MarketState | null {
    return this.#following.state(market)
  }

  status(): UniverseStatus {
    return {
      known: this.#following.known,
      followed: this.#following.followed,
      metadataWaiting: this.#writer.depth,
      lookups: this.#lookups.depth,
      looks: this.#looks.count,
      lookedUs: this.#looks.since,
    }
  }

  /** Waits until no description waits for Postgres. */
  idle(): Promise<void> {
    return this.#writer.idle()
  }

  /** Rests after the write under way. */
  async stop(): Promise<void> {
    if (this.#ticks !== null) clearInterval(this.#ticks)
    this.#discovery.stopped = true
    this.#looks.stop()
    this.#lookups.stop()
    await this.#writer.stop()
  }

  #refused({ kind, row }: MetadataRow, code: string): void {
    logEvent('metadata_refused', { kind, ticker: row.ticker, code })
    const text = printStorable(row).slice(0, ASIDE_CHARACTERS)
    const market = kind === 'market' ? row.ticker : null
    const reason = `${kind} ${row.ticker}: ${code}`
    const recv = this.#options.clock()
    this.#options.aside({ market, recv, kind: 'unstorable', reason, text })
  }
}
