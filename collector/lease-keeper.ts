import { performance } from 'node:perf_hooks'
import type { Sql } from 'postgres'
import { reasonOf } from './error-reason.ts'
import { logEvent } from './log-event.ts'
import { type Hold, renewLease } from './store/lease.ts'

export type KeptLease =
  /** Postgres said so less than the lease's term ago. */
  | 'held'
  /** Postgres does not answer: nobody else can have taken it without Postgres either. */
  | 'unknown'
  /** Postgres said that another took it, or that it was given up. */
  | 'lost'

export type LeaseKeeperOptions = {
  /** A connection of its own: no writer may keep a renewal waiting. */
  readonly sql: Sql
  readonly hold: Hold
  readonly everyMs: number
  /** How long a renewal vouches for the lease, ms. */
  readonly termMs: number
  /** Once, and only when Postgres says that the lease is lost. */
  readonly lost: () => void
}

/** Renews a lease as long as it is held, and tells when it is not. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  #hold: Hold
  #state: 'keeping' | 'lost' | 'stopped' = 'keeping'
  #renewedMs = performance.now()
  #away = false
  #timer: NodeJS.Timeout

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#hold = options.hold
    this.#timer = setTimeout(() => this.#renew(), options.everyMs)
  }

  get hold(): Hold {
    return this.#hold
  }

  get state(): KeptLease {
    if (this.#state === 'lost') return 'lost'
    return performance.now() - this.#renewedMs <= this.#options.termMs ? 'held' : 'unknown'
  }

  /** The same holder drew another epoch: from now on that lease is kept. */
  follow(hold: Hold): void {
    this.#hold = hold
    this.#renewedMs = performance.now()
  }

  /** Renews no more. */
  stop(): void {
    clearTimeout(this.#timer)
    if (this.#state === 'keeping') this.#state = 'stopped'
  }

  async #renew(): Promise<void> {
    const began = performance.now()
    const hold = this.#hold
    const outcome = await this.#try(hold)
    if (this.#state !== 'keeping') return
    // An answer about a lease that we have replaced ourselves says nothing.
    if (outcome === 'lease_lost' && hold === this.#hold) {
      this.#state = 'lost'
      logEvent('lease_lost', { epoch: hold.epoch })
      this.#options.lost()
      return
    }
    if (outcome === 'held') this.#renewedMs = Math.max(this.#renewedMs, began)
    const rest = began + this.#options.everyMs - performance.now()
    this.#timer = setTimeout(() => this.#renew(), Math.max(0, rest))
  }

  async #try(hold: Hold): Promise<'held' | 'lease_lost' | 'unknown'> {
    try {
      const outcome = await renewLease(this.#options.sql, hold)
      if (this.#away) logEvent('lease_renewed_again', { epoch: hold.epoch })
      this.#away = false
      return outcome
    } catch (error) {
      if (!this.#away) logEvent('lease_unknown', { epoch: hold.epoch, reason: reasonOf(error) })
      this.#away = true
      return 'unknown'
    }
  }
}
