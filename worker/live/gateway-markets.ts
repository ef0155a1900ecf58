import { RingBudget } from '#core/ring-budget'
import type { FeedItem } from '#core/wire/feed'
import type { Conflation } from './gateway-conflation.ts'
import { GatewayMarket } from './gateway-market.ts'
import type { Upstream } from './gateway-upstream.ts'

/** Markets that one account follows at most, over all its connections: what a Gateway's memory holds. */
export const GATEWAY_BOOKS = 50_000
/** Rows that the rings of all markets hold together: some thirty megabytes. */
const RING_ROWS = 200_000
/** A market whose book is asked for is not asked for again within this, ms. */
const NEED_MS = 1000

/** The markets that an account follows. One that nobody follows any more stays for a while, so that who returns resumes. */
export class GatewayMarkets {
  readonly #markets = new Map<string, GatewayMarket>()
  readonly #budget = new RingBudget(RING_ROWS)
  readonly #upstream: Upstream
  readonly #conflation: Conflation
  /** Markets without seats, and when they lost the last, ms. */
  readonly #left = new Map<string, number>()
  readonly #needed = new Map<string, number>()

  constructor(upstream: Upstream, conflation: Conflation) {
    this.#upstream = upstream
    this.#conflation = conflation
  }

  get size(): number {
    return this.#markets.size
  }

  get(ticker: string): GatewayMarket | null {
    return this.#markets.get(ticker) ?? null
  }

  /** Follows markets that are not followed yet. @param statusOf the exchange's word for the state of each */
  follow(tickers: Iterable<string>, statusOf: (ticker: string) => string): void {
    const fresh: string[] = []
    for (const ticker of tickers) {
      this.#left.delete(ticker)
      if (this.#markets.has(ticker)) continue
      const shard = this.#upstream.shardOf(ticker)
      const later = this.#conflation.later
      const market = new GatewayMarket(ticker, shard, statusOf(ticker), this.#budget, later)
      this.#markets.set(ticker, market)
      fresh.push(ticker)
    }
    if (fresh.length > 0) this.#upstream.watch(fresh)
  }

  /** Takes what the feed brings. */
  take(items: readonly FeedItem[]): void {
    const nowMs = Date.now()
    for (const item of items) {
      if (!this.#markets.get(item.m)?.take(item, nowMs * 1000)) continue
      if (nowMs - (this.#needed.get(item.m) ?? 0) < NEED_MS) continue
      this.#needed.set(item.m, nowMs)
      this.#upstream.need(item.m)
    }
  }

  /** A market may have lost its last seat. */
  left(market: GatewayMarket): void {
    if (market.seats.size === 0) this.#left.set(market.ticker, Date.now())
  }

  /** Follows no more what nobody has followed for so long (ms). @returns whether any market is left */
  expire(lingerMs: number): boolean {
    const before = Date.now() - lingerMs
    const gone: string[] = []
    for (const [ticker, leftMs] of this.#left) {
      if (leftMs > before) break
      this.#left.delete(ticker)
      this.#needed.delete(ticker)
      this.#markets.get(ticker)?.live.forget()
      this.#markets.delete(ticker)
      gone.push(ticker)
    }
    if (gone.length > 0) this.#upstream.unwatch(gone)
    return this.#markets.size > 0
  }
}
