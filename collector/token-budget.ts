import { setTimeout as sleep } from 'node:timers/promises'

/** Who is served first when tokens are short; those who come after wait until none of these does. */
export const REST_PRIORITIES = ['start', 'life', 'reconcile', 'refill', 'check'] as const
export type RestPriority = (typeof REST_PRIORITIES)[number]

/** What each request costs; the exchange's default: https://docs.kalshi.com/getting_started/rate_limits */
const COST = 10

/** Tokens that come back each second, and the most that can be saved. */
export type Allowance = { readonly perSecond: number; readonly capacity: number }

/** The exchange's token bucket as we count it ourselves, shared by all who ask over REST. */
export class TokenBudget {
  #allowance: Allowance
  #tokens: number
  #filledMs = performance.now()
  readonly #waiting = new Map<RestPriority, (() => void)[]>()
  #serving = false

  /** Starts full. */
  constructor(allowance: Allowance) {
    this.#allowance = allowance
    this.#tokens = allowance.capacity
  }

  /** The account's own allowance became known, by a request that has taken of it. */
  allow(allowance: Allowance): void {
    this.#fill()
    this.#allowance = allowance
    this.#tokens = Math.min(this.#tokens, allowance.capacity - COST)
  }

  /** The exchange says that there are no tokens: its count is the one that counts. */
  drain(): void {
    this.#fill()
    this.#tokens = Math.min(this.#tokens, 0)
  }

  /** Waits for the tokens of one request, in order of priority, then of asking. */
  take(priority: RestPriority): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#waiting.get(priority) ?? []
      queue.push(resolve)
      this.#waiting.set(priority, queue)
      if (!this.#serving) void this.#serve()
    })
  }

  async #serve(): Promise<void> {
    this.#serving = true
    for (let next = this.#first(); next !== null; next = this.#first()) {
      this.#fill()
      const missing = COST - this.#tokens
      if (missing > 0) {
        await sleep(Math.ceil((missing / this.#allowance.perSecond) * 1000))
        continue
      }
      this.#tokens -= COST
      next.shift()?.()
    }
    this.#serving = false
  }

  #first(): (() => void)[] | null {
    for (const priority of REST_PRIORITIES) {
      const queue = this.#waiting.get(priority)
      if (queue !== undefined && queue.length > 0) return queue
    }
    return null
  }

  #fill(): void {
    const now = performance.now()
    const gained = ((now - this.#filledMs) / 1000) * this.#allowance.perSecond
    this.#tokens = Math.min(this.#allowance.capacity, this.#tokens + gained)
    this.#filledMs = now
  }
}
