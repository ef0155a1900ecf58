import { keyOfTrade } from './recent-trades.ts'
import type { WireTrade } from './wire/trade.ts'

/** How many trades are remembered: as many as may be told at once of what was missed. */
const MOST_TOLD = 10_000

/** Which trades a subscriber was told of late, so that it is told of none twice. Bounded: the oldest are forgotten first. */
export class ToldTrades {
  readonly #most: number
  readonly #told = new Set<string>()

  constructor(most = MOST_TOLD) {
    this.#most = most
  }

  /** Notes that a trade was told. */
  note(trade: WireTrade): void {
    this.#told.add(keyOfTrade(trade))
    for (const oldest of this.#told) {
      if (this.#told.size <= this.#most) break
      this.#told.delete(oldest)
    }
  }

  /** Whether a trade was told, as far as is remembered. */
  has(trade: WireTrade): boolean {
    return this.#told.has(keyOfTrade(trade))
  }
}
