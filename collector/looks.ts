import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import { type Discovery, StoppedError } from './discovery.ts'
import type { Following } from './following.ts'
import { KalshiRestError } from './kalshi-http.ts'
import type { KalshiRest } from './kalshi-rest.ts'
import { logEvent } from './log-event.ts'
import { lookFor, lookOver } from './reconcile.ts'
import type { RestPriority } from './token-budget.ts'

export type LooksOptions = {
  readonly rest: KalshiRest
  readonly clock: Clock
  readonly discovery: Discovery
  readonly following: Following
  /** Between two looks, ms. */
  readonly everyMs: number
}

const FAILED_MS = 10_000
/** A market that the exchange did not give when asked by name is asked for in so many looks in a row. */
const ABSENCES = 3
/** Every so many looks all events and series are read, and absent markets are asked for again. */
const WHOLE_EVERY = 20

/** Looks over the exchange's lists again and again, one look at a time. */
export class Looks {
  readonly #options: LooksOptions
  readonly #absent = new Map<Ticker, number>()
  /** Markets that closed or settled from here on are in the first look too. */
  overSince: Micros = 0 as Micros
  #timer: NodeJS.Timeout | null = null
  #looking = false
  #again = false
  #stopped = false
  /** Looks that came to their end. */
  count = 0
  /** When the last of them began. */
  since: Micros | null = null

  constructor(options: LooksOptions) {
    this.#options = options
  }

  /** The first look, waited for. Throws KalshiRestError. */
  async first(): Promise<void> {
    await this.#look()
    this.#later(this.#options.everyMs)
  }

  /** Looks at once, or once more after the look under way. */
  now(): void {
    if (this.#looking) this.#again = true
    else this.#later(0)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #later(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#tryLook(), ms)
  }

  async #tryLook(): Promise<void> {
    if (this.#looking) return
    const { everyMs } = this.#options
    try {
      await this.#look()
      this.#later(this.#again ? 0 : everyMs)
    } catch (error) {
      if (error instanceof StoppedError || this.#stopped) return
      if (!(error instanceof KalshiRestError)) throw error
      logEvent('reconcile_failed', { reason: error.message })
      this.#later(Math.min(FAILED_MS, everyMs))
    }
  }

  async #look(): Promise<void> {
    const { rest, clock, discovery, following } = this.#options
    this.#looking = true
    this.#again = false
    try {
      const whole = this.count % WHOLE_EVERY === 0
      const priority: RestPriority = this.since === null ? 'start' : 'reconcile'
      const began = clock()
      discovery.seen = new Set()
      const since = whole ? null : this.since
      const look = { rest, clock, priority, since, overSince: this.since ?? this.overSince }
      await lookOver(look, discovery)
      following.rank()
      const missing = [...following.unseen(discovery.seen)].filter(
        (market) => whole || (this.#absent.get(market) ?? 0) < ABSENCES,
      )
      await lookFor(look, missing, discovery)
      this.#noteAbsent(missing)
      this.since = began
      this.count += 1
      discovery.begun = true
    } finally {
      this.#looking = false
    }
  }

  #noteAbsent(asked: readonly Ticker[]): void {
    const { seen } = this.#options.discovery
    for (const market of asked) {
      if (seen.has(market)) this.#absent.delete(market)
      else {
        const times = (this.#absent.get(market) ?? 0) + 1
        this.#absent.set(market, times)
        if (times === ABSENCES) logEvent('market_absent', { market })
      }
    }
  }
}
