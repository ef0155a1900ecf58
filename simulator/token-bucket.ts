import type { Clock } from './clock.ts'

/** How many tokens come back each second, and how many can be saved. */
export type Allowance = { perSecond: number; capacity: number }

/** A bucket of tokens that fills with time; who finds too few of them has asked too often. */
export class TokenBucket {
  readonly #allowance: Allowance
  readonly #now: Clock
  #tokens: number
  #filledUs: number

  constructor(allowance: Allowance, now: Clock) {
    this.#allowance = allowance
    this.#now = now
    this.#tokens = allowance.capacity
    this.#filledUs = now()
  }

  /** Takes tokens; false, and none taken, when there are too few. */
  take(cost: number): boolean {
    const atUs = this.#now()
    const gained = ((atUs - this.#filledUs) * this.#allowance.perSecond) / 1_000_000
    this.#tokens = Math.min(this.#allowance.capacity, this.#tokens + gained)
    this.#filledUs = atUs
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }
}
