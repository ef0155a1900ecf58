/** Failed tries that may come at once from one address, and how long (ms) until one more may. */
const MOST_TRIES = 30
const TRY_MS = 2000
const MOST_ADDRESSES = 10_000

/** How many tries with wrong keys an address still has. */
export type TriesLeft = {
  readonly most: number
  /** In so long (ms) all of them would come back. */
  readonly windowMs: number
  readonly remaining: number
  /** After so long (ms) it is as if none had failed. */
  readonly resetMs: number
  /** After so long (ms) one more may be made; 0 while there are some. */
  readonly retryAfterMs: number
}

/**
 * Counts tries with keys that nobody has, by address: thirty at once, then one every two seconds. Of too many addresses the
 * one that failed longest ago is forgotten.
 */
export class FailedTries {
  /** When all tries of an address are back, ms; in the order of their last failures. */
  readonly #whole = new Map<string, number>()

  /** How an address stands. */
  left(address: string, nowMs: number): TriesLeft {
    const whole = this.#whole.get(address) ?? 0
    // A clock that was set back does not lock anybody out for longer than all tries take.
    const resetMs = Math.min(Math.max(0, whole - nowMs), MOST_TRIES * TRY_MS)
    const remaining = MOST_TRIES - Math.ceil(resetMs / TRY_MS)
    const retryAfterMs = remaining > 0 ? 0 : resetMs - (MOST_TRIES - 1) * TRY_MS
    return { most: MOST_TRIES, windowMs: MOST_TRIES * TRY_MS, remaining, resetMs, retryAfterMs }
  }

  /** Notes that a try of an address has failed. */
  failed(address: string, nowMs: number): void {
    const { resetMs } = this.left(address, nowMs)
    this.#whole.delete(address)
    for (const oldest of this.#whole.keys()) {
      if (this.#whole.size < MOST_ADDRESSES) break
      this.#whole.delete(oldest)
    }
    this.#whole.set(address, nowMs + Math.min(resetMs + TRY_MS, MOST_TRIES * TRY_MS))
  }
}
