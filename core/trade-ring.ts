import type { WireTrade } from './wire/trade.ts'

/** Trades that are kept at most: of more the oldest go. */
const KEPT = 200

/** The latest trades of one market, so that a subscriber who was away gets what it missed. Bounded. */
export class TradeRing {
  #trades: WireTrade[] = []
  /** Every trade that was received from here on is kept, µs; null while none need be. */
  #sinceUs: number | null = null

  /** Some may be missing up to here: what is kept begins anew. @param sinceUs null when nothing comes */
  restart(sinceUs: number | null): void {
    this.#trades = []
    this.#sinceUs = sinceUs
  }

  /** Keeps trades in the order in which they came. */
  push(trades: readonly WireTrade[]): void {
    if (this.#sinceUs === null) return
    this.#trades.push(...trades)
    const over = this.#trades.splice(0, Math.max(0, this.#trades.length - KEPT))
    for (const { recv_us } of over) this.#sinceUs = Math.max(this.#sinceUs, recv_us + 1)
  }

  /** The trades received at `fromUs` or later, or null when some of them may not be kept. */
  from(fromUs: number): readonly WireTrade[] | null {
    if (this.#sinceUs === null || fromUs < this.#sinceUs) return null
    return this.#trades.filter(({ recv_us }) => recv_us >= fromUs)
  }
}
