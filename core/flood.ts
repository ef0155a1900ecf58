import type { BlockedRecord } from './key-record.ts'

/** Refusals of so many seconds are looked at together. */
const WINDOW_MS = 2000
/** How far a block reaches, and how often there may be one, ms. */
export const BLOCK_MS = 10_000
/** Refusals a second that are never a flood. */
const NEVER = 100
const TIMES_RATE = 10

/** Counts an account's refusals, and tells when there are so many that the edge is to refuse by itself. */
export class Flood {
  #sinceMs = 0
  #refused = 0
  #blockedMs = Number.NEGATIVE_INFINITY

  /**
   * A request was refused.
   * @param perS requests a second of the plan
   * @returns what the edge is to be told now, or null
   */
  refused(code: BlockedRecord['code'], perS: number, nowMs: number): BlockedRecord | null {
    if (nowMs < this.#sinceMs || nowMs - this.#sinceMs >= WINDOW_MS) {
      this.#sinceMs = nowMs
      this.#refused = 0
    }
    this.#refused += 1
    const most = (Math.max(TIMES_RATE * perS, NEVER) * WINDOW_MS) / 1000
    if (this.#refused <= most || nowMs - this.#blockedMs < BLOCK_MS) return null
    this.#blockedMs = nowMs
    return { v: 1, until_ms: nowMs + BLOCK_MS, code }
  }
}
