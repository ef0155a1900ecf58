import { TRADE_LATE_US } from './trade-holes.ts'
import type { WireTrade } from './wire/trade.ts'

/** How many trades are kept of all markets together. */
const MOST_TRADES = 10_000

/** The trades of a market after a moment, and whether these are all that there were. */
export type TradesAfter = {
  /** In the order in which they came. */
  readonly trades: readonly WireTrade[]
  /** All trades of event time after this, µs, are among them; null while trades of the market may be missing. */
  readonly whole: number | null
}

/**
 * The latest trades of some markets, each once, so that somebody who was away gets what it missed. Bounded: the oldest go
 * first, and it knows from when on it has all of a market.
 */
export class RecentTrades {
  readonly #most: number
  /** In the order in which they came, by market and id. */
  readonly #trades = new Map<string, WireTrade>()
  /** Of each market that is followed, the event time after which no trade is missing; null while some may be. */
  readonly #whole = new Map<string, number | null>()

  constructor(most = MOST_TRADES) {
    this.#most = most
  }

  /**
   * A market's trades come from now on, or when what is missing of them is over.
   * @param sinceUs our clock, µs, null while they do not come; trades of before it may still come, or be missing
   */
  follow(market: string, sinceUs: number | null): void {
    if (typeof this.#whole.get(market) === 'number') return
    this.#whole.set(market, sinceUs === null ? null : sinceUs + TRADE_LATE_US)
  }

  /** Its trades do not come any more. Those that are kept still tell repeats from news. */
  forget(market: string): void {
    this.#whole.delete(market)
  }

  /**
   * Trades of all markets, or of some, are missing.
   * @param untilUs our clock, µs, from when on they come again; null while they do not
   * @param concerns whether they are missing of a market
   */
  lose(untilUs: number | null, concerns: (market: string) => boolean = () => true): void {
    const whole = untilUs === null ? null : untilUs + TRADE_LATE_US
    for (const [each, known] of this.#whole) {
      if (!concerns(each)) continue
      this.#whole.set(each, whole === null ? null : Math.max(whole, known ?? 0))
    }
  }

  /** Takes trades of followed markets. @returns those that did not come before */
  take(trades: readonly WireTrade[]): WireTrade[] {
    const fresh = trades.filter((trade) => {
      const key = keyOfTrade(trade)
      if (this.#trades.has(key)) return false
      this.#trades.set(key, trade)
      return true
    })
    for (const [key, trade] of this.#trades) {
      if (this.#trades.size <= this.#most) break
      this.#trades.delete(key)
      const whole = this.#whole.get(trade.market)
      if (typeof whole !== 'number') continue
      this.#whole.set(trade.market, Math.max(whole, trade.event_us))
    }
    return fresh
  }

  /** The trades of markets after a moment, µs of event time, by market; one pass over what is kept, whatever is asked for. */
  after(markets: readonly string[], afterUs: number): ReadonlyMap<string, TradesAfter> {
    const found = new Map<string, WireTrade[]>(markets.map((market) => [market, []]))
    for (const trade of this.#trades.values()) {
      if (trade.event_us > afterUs) found.get(trade.market)?.push(trade)
    }
    return new Map(
      [...found].map(([market, trades]) => {
        return [market, { trades, whole: this.#whole.get(market) ?? null }]
      }),
    )
  }
}

/** What tells a trade from all others. */
export function keyOfTrade({ market, trade_id }: WireTrade): string {
  return `${market} ${trade_id}`
}
