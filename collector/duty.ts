import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { backoffMs } from '#core/backoff'
import type { DutyState } from '#core/health'
import { type Collector, type EpochEnd, LeaseLostError } from './collector.ts'
import type { CollectorConfig } from './config.ts'
import { reasonOf } from './error-reason.ts'
import { type KeptLease, LeaseKeeper } from './lease-keeper.ts'
import { logEvent } from './log-event.ts'
import { waitForLease } from './standby.ts'
import { type Hold, releaseLease } from './store/lease.ts'

/** One slice of markets today. */
const SLICE = 0

/** An epoch that lasted so long was no failure: the next begins without a long wait. */
const LASTED_MS = 60_000

type End = EpochEnd | { readonly kind: 'failed'; readonly reason: string }

export type DutyOptions = {
  readonly config: CollectorConfig
  /** For the lease alone: one connection, which gives up soon. */
  readonly sql: Sql
  /** The name of this collector, which no other living process bears. */
  readonly holder: string
  /** Opens an epoch under a lease that is held, and records. */
  readonly start: (given: {
    readonly hold: Hold
    readonly over: (end: EpochEnd) => void
  }) => Promise<Collector>
  readonly changed: (state: DutyState) => void
}

/** A collector's life: it stands by, records as long as the lease is held, and stands by again. */
export class Duty {
  readonly #options: DutyOptions
  readonly #stopping = new AbortController()
  #state: DutyState = 'standby'
  #keeper: LeaseKeeper | null = null
  #collector: Collector | null = null
  #running: Promise<void> = Promise.resolve()
  #over: (end: EpochEnd) => void = () => {}
  #recorded = false
  #stopped: Promise<void> | null = null

  constructor(options: DutyOptions) {
    this.#options = options
  }

  get state(): DutyState {
    return this.#state
  }

  /** null while the lease is another's. */
  get lease(): KeptLease | null {
    return this.#keeper?.state ?? null
  }

  /** null while nothing is recorded. */
  get collector(): Collector | null {
    return this.#collector
  }

  /**
   * Goes on until it is stopped. Throws when the first epoch of all cannot be opened; the lease is then given up.
   */
  run(): Promise<void> {
    this.#running = this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    let above = -1
    let attempt = 0
    for (let first = true; !this.#aborted; first = false) {
      const hold = await this.#lease(above, first)
      // It may have been taken in the moment of the stop, which gives it up again.
      if (hold === null || this.#aborted) return
      const began = performance.now()
      // A store that is put back to an older state forgets it, and it must not be drawn again.
      above = Math.max(above, hold.epoch)
      const end = await this.#epoch(hold)
      if (this.#aborted) return
      if (end.kind === 'superseded') above = Math.max(above, end.highest)
      if (end.kind === 'lease_lost') this.#drop()
      else await this.#rest(end.kind, performance.now() - began > LASTED_MS ? 0 : attempt++)
    }
  }

  /** Ends the recording: what was read is written, the last watermark committed, and the lease given up. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#stopping.abort()
    this.#enter('stopping')
    // A lease under which nothing is recorded yet is given up at once, and what still opens finds it lost.
    if (this.#collector === null) await this.#release()
    this.#over({ kind: 'lease_lost' })
    await this.#running.catch(() => {})
    await this.#release()
  }

  get #aborted(): boolean {
    return this.#stopping.signal.aborted
  }

  /** The lease: the one we hold, under the next epoch, or that of another, once it may be taken. */
  async #lease(above: number, first: boolean): Promise<Hold | null> {
    const { config, sql, holder } = this.#options
    const hold = await waitForLease({
      sql,
      slice: SLICE,
      holder,
      // Later on, a lease in our name would be that of somebody who copied our folder: two of a name would take it from
      // each other for ever.
      claims: first,
      mine: this.#keeper?.hold.lease ?? null,
      above,
      lookMs: config.LEASE_LOOK_MS,
      takeoverMs: config.LEASE_TAKEOVER_MS,
      waiting: (who) => {
        if (who === 'another') this.#drop()
        this.#enter('standby')
      },
      signal: this.#stopping.signal,
    })
    if (hold === null) return null
    // One that had lost the lease before it was taken anew is of no use.
    if (this.#keeper === null || this.#keeper.state === 'lost') this.#keeper = this.#keep(hold)
    else this.#keeper.follow(hold)
    return hold
  }

  #keep(hold: Hold): LeaseKeeper {
    const { config, sql } = this.#options
    return new LeaseKeeper({
      sql,
      hold,
      everyMs: config.LEASE_RENEW_MS,
      termMs: config.LEASE_MS,
      lost: () => this.#over({ kind: 'lease_lost' }),
    })
  }

  /** Opens an epoch and records until it is over. */
  async #epoch(hold: Hold): Promise<End> {
    const { promise, resolve } = Promise.withResolvers<EpochEnd>()
    this.#over = resolve
    this.#enter('opening')
    try {
      this.#collector = await this.#options.start({ hold, over: resolve })
    } catch (error) {
      return this.#failed(error)
    }
    this.#recorded = true
    this.#enter('recording')
    const end = await promise
    if (!this.#aborted) logEvent('epoch_over', { ...end })
    await this.#collector.stop()
    this.#collector = null
    return end
  }

  async #failed(error: unknown): Promise<End> {
    if (error instanceof LeaseLostError) return { kind: 'lease_lost' }
    logEvent('epoch_failed', { reason: reasonOf(error) })
    // Whoever cannot open an epoch keeps no other from trying.
    await this.#release()
    if (!this.#recorded && !this.#aborted) throw error
    return { kind: 'failed', reason: reasonOf(error) }
  }

  #rest(after: End['kind'], attempt: number): Promise<void> {
    const { signal } = this.#stopping
    // A standby that looks in the meantime must come before us, however short the wait that is drawn.
    const least = after === 'failed' ? this.#options.config.LEASE_RENEW_MS : 0
    return sleep(least + backoffMs(attempt, Math.random()), undefined, { signal }).catch(() => {})
  }

  #enter(state: DutyState): void {
    if (this.#state === state || this.#state === 'stopping') return
    this.#state = state
    this.#options.changed(state)
  }

  #drop(): void {
    this.#keeper?.stop()
    this.#keeper = null
  }

  async #release(): Promise<void> {
    const hold = this.#keeper?.hold
    this.#drop()
    if (hold === undefined) return
    try {
      const outcome = await releaseLease(this.#options.sql, hold)
      logEvent('lease_given_up', { epoch: hold.epoch, outcome })
    } catch (error) {
      // A standby then finds it unrenewed.
      logEvent('lease_not_given_up', { epoch: hold.epoch, reason: reasonOf(error) })
    }
  }
}
