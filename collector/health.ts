import { performance } from 'node:perf_hooks'
import { type DutyState, type HealthBounds, judgeHealth, type UnhealthyReason } from '#core/health'
import type { CollectorStatus } from './collector.ts'
import type { KeptLease } from './lease-keeper.ts'

/** What is looked at. */
export type HealthSources = {
  readonly state: () => DutyState
  readonly lease: () => KeptLease | null
  /** null while nothing is recorded. */
  readonly status: () => CollectorStatus | null
  readonly spool: () => { readonly bytes: number; readonly failing: string | null }
}

export type Health = {
  readonly state: DutyState
  readonly lease: KeptLease | null
  readonly reasons: readonly UnhealthyReason[]
  readonly status: CollectorStatus | null
}

/** Says how the process does. It must be looked at every second or so: a frame shows as a count that grew. */
export class HealthWatch {
  readonly #sources: HealthSources
  readonly #bounds: HealthBounds
  #state: { state: DutyState; sinceMs: number }
  #frames: { count: number; sinceMs: number } | null = null

  constructor(sources: HealthSources, bounds: HealthBounds) {
    this.#sources = sources
    this.#bounds = bounds
    this.#state = { state: sources.state(), sinceMs: performance.now() }
  }

  look(): Health {
    const now = performance.now()
    const state = this.#sources.state()
    const lease = this.#sources.lease()
    const status = this.#sources.status()
    const spool = this.#sources.spool()
    if (state !== this.#state.state) this.#state = { state, sinceMs: now }
    if (status === null) this.#frames = null
    else if (status.frames !== (this.#frames?.count ?? 0)) {
      this.#frames = { count: status.frames, sinceMs: now }
    }
    const input = {
      state,
      stateMs: now - this.#state.sinceMs,
      frameMs: this.#frames === null ? null : now - this.#frames.sinceMs,
      leaseLost: lease === 'lost',
      recordLagMs: status?.recordLagMs ?? null,
      spoolBytes: spool.bytes,
      spoolFailing: spool.failing !== null,
    }
    return { state, lease, status, reasons: judgeHealth(input, this.#bounds) }
  }
}
