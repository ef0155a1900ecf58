import type { Micros } from './instant.ts'

/** What a standby sees of the lease. */
export type LeaseSeen = {
  /** The random text that it was taken under. */
  readonly lease: string
  /** Who took it: the name in that collector's spool folder. */
  readonly holder: string
  /** When it was last renewed, by Postgres's clock. */
  readonly renewedAt: Micros
  /** Its holder gave it up. */
  readonly released: boolean
}

export type StandbyOptions = {
  /** The lease must have been seen unrenewed for so long, ms. */
  readonly takeoverMs: number
  /** The lease text under which this process wrote before; null when it did not. */
  readonly mine: string | null
  /** The name whose leases are of a process that is dead for sure: ours, when this process has just begun. */
  readonly claim: string | null
}

/** What a standby is to do, and why it may. */
export type StandbyStep =
  | { readonly kind: 'wait' }
  | {
      readonly kind: 'take'
      readonly why: 'never_held' | 'mine' | 'released' | 'own_name' | 'unrenewed'
    }

/** Looks further apart than this share of the wait do not tell that Postgres was up between them. */
const STALL_SHARE = 0.25

/**
 * When a standby may take the lease: at once where nobody holds it or it is our own; else after it has seen Postgres up for
 * `takeoverMs` while the lease was not renewed. A Postgres that is away cannot be renewed in: that time does not count.
 */
export class Standby {
  readonly #options: StandbyOptions
  #unrenewed: { lease: string; renewedAt: Micros; sinceMs: number; lastMs: number } | null = null

  constructor(options: StandbyOptions) {
    this.#options = options
  }

  /**
   * Postgres answered.
   * @param seen null when the slice was never held
   * @param atMs any clock that never goes back, ms
   */
  saw(seen: LeaseSeen | null, atMs: number): StandbyStep {
    const { mine, claim, takeoverMs } = this.#options
    if (seen === null) return { kind: 'take', why: 'never_held' }
    if (seen.released) return { kind: 'take', why: 'released' }
    if (seen.lease === mine) return { kind: 'take', why: 'mine' }
    if (seen.holder === claim) return { kind: 'take', why: 'own_name' }
    const before = this.#unrenewed
    const goesOn =
      before !== null &&
      before.lease === seen.lease &&
      before.renewedAt === seen.renewedAt &&
      atMs - before.lastMs <= takeoverMs * STALL_SHARE
    const sinceMs = goesOn ? before.sinceMs : atMs
    const { lease, renewedAt } = seen
    this.#unrenewed = { lease, renewedAt, sinceMs, lastMs: atMs }
    return atMs - sinceMs >= takeoverMs ? { kind: 'take', why: 'unrenewed' } : { kind: 'wait' }
  }

  /** Postgres did not answer: the wait starts again. */
  missed(): void {
    this.#unrenewed = null
  }
}
