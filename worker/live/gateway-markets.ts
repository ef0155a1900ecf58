import type { RecentTrades } from '#core/recent-trades'
import { RingBudget } from '#core/ring-budget'
import type { FeedItem } from '#core/wire/feed'
import type { WireTradeHole } from '#core/wire/trade-hole'
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
  readonly #trades: RecentTrades
  /** Markets without seats, and when they lost the last, ms. */
  readonly #left = new Map<string, number>()
  readonly #needed = new Map<string, number>()
  /** Those whose book is to be asked for when it may be. */
  readonly #waiting = new Set<string>()
  /** Those that the shard did not take: who asks for one again, asks anew. */
  readonly #refused = new Set<string>()

  constructor(upstream: Upstream, conflation: Conflation, trades: RecentTrades) {
    this.#upstream = upstream
    this.#conflation = conflation
    this.#trades = trades
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
      if (this.#markets.has(ticker)) {
        if (this.#refused.delete(ticker)) fresh.push(ticker)
        continue
      }
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
      const market = this.#markets.get(item.m)
      if (market === undefined) continue
      const began = market.live.seq !== null
      const trades = item.trades === undefined ? [] : this.#trades.take(item.trades)
      if (market.take(item, trades, nowMs * 1000)) this.#need(item.m, nowMs)
      if (!began && market.live.seq !== null) this.#followTrades(item.m, nowMs)
    }
  }

  /** Trades of a shard's markets are missing. */
  loseTrades(shard: number, { to_us }: WireTradeHole): void {
    this.#trades.lose(to_us, (market) => this.#markets.get(market)?.shard === shard)
  }

  /** These are not fed: free accounts follow too many. */
  refused(tickers: readonly string[]): void {
    for (const ticker of tickers) if (this.#markets.has(ticker)) this.#refused.add(ticker)
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
      this.#waiting.delete(ticker)
      this.#refused.delete(ticker)
      this.#trades.forget(ticker)
      this.#markets.get(ticker)?.live.forget()
      this.#markets.delete(ticker)
      gone.push(ticker)
    }
    if (gone.length > 0) this.#upstream.unwatch(gone)
    if (this.#markets.size === 0) this.#conflation.end()
    return this.#markets.size > 0
  }

  /** Asks for the books that were asked for too often to be asked for at once. */
  askAgain(): void {
    const nowMs = Date.now()
    for (const ticker of this.#waiting) this.#need(ticker, nowMs)
  }

  #need(ticker: string, nowMs: number): void {
    if (nowMs - (this.#needed.get(ticker) ?? 0) < NEED_MS) {
      this.#waiting.add(ticker)
      return
    }
    this.#waiting.delete(ticker)
    this.#needed.set(ticker, nowMs)
    this.#upstream.need(ticker)
  }

  /** A book came, and so do its market's trades from now on. */
  #followTrades(ticker: string, nowMs: number): void {
    const missing = this.#upstream.holeUs([ticker]) !== null
    this.#trades.follow(ticker, missing ? null : nowMs * 1000)
  }
}
