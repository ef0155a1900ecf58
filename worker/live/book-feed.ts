import { isFresh } from '#core/feed-health'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import type { WireTradeHole } from '#core/wire/trade-hole'
import type { CollectorLink } from './collector-link.ts'
import { HANGS_MS, type HeartbeatOutcome, type MarketLanes } from './market-lanes.ts'
import { inTime } from './patience.ts'
import type { Watchers } from './watchers.ts'

/** How long a question about a market waits in all, ms; nothing is asked of the collector twice within it. */
export const PATIENCE_MS = 1000
/** Markets that one message to the collector names. */
const NAMED = 10_000
/** What a market's object has: up to which seq, and whether it is known to be all that was sent up to now. */
export type Holding = { readonly seq: number | null; readonly whole: boolean }

/** What a shard brings to the objects of those markets that they follow. */
export class BookFeed {
  readonly #lanes: MarketLanes
  readonly #watchers: Watchers
  readonly #collector: CollectorLink
  /** Markets whose objects were answered that nobody vouches, and told their subscribers so. */
  readonly #doubted = new Set<Ticker>()

  constructor(lanes: MarketLanes, watchers: Watchers, collector: CollectorLink) {
    this.#lanes = lanes
    this.#watchers = watchers
    this.#collector = collector
  }

  /** Hands items on, in order, and asks the collector for what is needed to go on. */
  async take(items: readonly FeedItem[]): Promise<void> {
    const { socket } = this.#collector
    const need: { m: Ticker; have: number | null }[] = []
    const each = items.map(async (item) => {
      const market = item.m as Ticker
      const token = this.#watchers.tokenOf(market)
      if (token === null) return
      const outcome = await this.#lanes.forward(item, token)
      if (outcome.kind === 'need') need.push({ m: market, have: outcome.have })
      if (outcome.kind === 'idle') this.#idle(market, outcome.token)
    })
    await inTime(Promise.all(each), PATIENCE_MS)
    // Who answers later is asked for again by a beat; who was idle meanwhile wants nothing.
    const now = Date.now()
    const wanted = need.filter(({ m }) => this.#watchers.tokenOf(m) !== null)
    const due = wanted.filter(({ m }) => this.#lanes.mayAsk(m, now, PATIENCE_MS))
    if (socket === this.#collector.socket) this.#need(due)
  }

  /** The collector is asked to watch markets, each from its start; what it answers to hello is the first of the messages. */
  begin(markets: readonly Ticker[]): void {
    const now = Date.now()
    for (const market of markets) {
      if (this.#watchers.tokenOf(market) === null) continue
      this.#lanes.begin(market)
      this.#lanes.mayAsk(market, now, 0)
    }
    for (let i = 0; i < markets.length; i += NAMED) {
      this.#collector.say({ watch: markets.slice(i, i + NAMED) })
    }
  }

  /** A beat came: whoever was not given its book by now is asked for again, and who no longer reads is left. */
  beat(nowMs: number): void {
    this.#ended(this.#watchers.endOverdue(nowMs))
    const late = this.#watchers.books.filter(
      (market) => !this.#lanes.isCurrent(market) && this.#lanes.mayAsk(market, nowMs, PATIENCE_MS),
    )
    this.#need(late.map((m) => ({ m, have: null })))
  }

  /**
   * Vouches for a market's book once its object holds it.
   * @param isNew nobody followed the market before
   * @returns up to when it is vouched for (ms), null without collector or book in time
   */
  async vouch(market: Ticker, holding: Holding, isNew: boolean): Promise<number | null> {
    const vouchedMs = await this.#vouchedMs(market, holding, isNew)
    if (vouchedMs === null) this.#doubted.add(market)
    else this.#doubted.delete(market)
    return vouchedMs
  }

  /** A beat came. Subscribers who were told that nobody vouches hear at once that somebody does again. */
  async reassure(): Promise<void> {
    if (this.#doubted.size === 0) return
    if (!isFresh(this.#collector.health.vouchedMs, Date.now())) return
    const sure = [...this.#doubted].filter((market) => this.#lanes.isCurrent(market))
    for (const market of sure) this.#doubted.delete(market)
    const listened = new Set(this.#watchers.listened)
    await this.heartbeat(sure.filter((market) => listened.has(market)))
  }

  async #vouchedMs(
    market: Ticker,
    { seq, whole }: Holding,
    isNew: boolean,
  ): Promise<number | null> {
    const { socket, health } = this.#collector
    const now = Date.now()
    const left = () => Math.max(0, now + PATIENCE_MS - Date.now())
    if (socket === null) return null
    if (isNew) this.begin([market])
    else if (!whole) this.#lanes.outdate(market)
    if (!this.#lanes.isCurrent(market) && this.#lanes.mayAsk(market, now, PATIENCE_MS)) {
      this.#need([{ m: market, have: seq }])
    }
    if (!(await this.#lanes.settle(market, left()))) return null
    if (!isFresh(health.vouchedMs, Date.now())) await this.#collector.nextBeat(left())
    // What is vouched for by now has been sent on: it is settled before it is said.
    const { vouchedMs } = this.#collector.health
    return (await this.#lanes.settle(market, left())) ? vouchedMs : null
  }

  /** Tells markets' objects how the feed does; each says whether it still has subscribers. */
  async heartbeat(markets: readonly Ticker[]): Promise<void> {
    const feed = this.#collector.word()
    const age = this.#collector.health.last?.upstream_age_ms ?? null
    const each = markets.map(async (market) => {
      const token = this.#watchers.tokenOf(market)
      if (token === null) return
      const outcome: HeartbeatOutcome = await this.#lanes.call(
        market,
        token,
        async (stub, feeding) => await stub.heartbeat(feed, age, feeding),
      )
      if (outcome.kind === 'unlistened') {
        this.#watchers.unlisten(market, outcome.token, Date.now())
      }
      if (outcome.kind === 'idle') this.#idle(market, outcome.token)
    })
    // An alarm that waits for one that hangs would be the last.
    await inTime(Promise.allSettled(each), HANGS_MS)
  }

  /** Trades of an interval did not come: subscribers are told, and every object that keeps the latest. */
  async hole(hole: WireTradeHole): Promise<void> {
    for (const market of this.#watchers.books) this.#lanes.lose(market, hole)
    await this.heartbeat(this.#watchers.listened)
  }

  /** Asks the collector for what follows some seqs, or with null for images. */
  #need(need: { m: Ticker; have: number | null }[]): void {
    for (let i = 0; i < need.length; i += NAMED) {
      this.#collector.say({ need: need.slice(i, i + NAMED) })
    }
  }

  #idle(market: Ticker, token: number): void {
    if (this.#watchers.idle(market, token)) this.#ended([market])
  }

  /** Markets' objects follow them no more; the collector hears of those that nobody does. */
  #ended(markets: readonly Ticker[]): void {
    for (const market of markets) {
      this.#lanes.end(market)
      this.#doubted.delete(market)
    }
    const unwatch = markets.filter((market) => !this.#watchers.isFollowed(market))
    if (unwatch.length > 0) this.#collector.say({ unwatch })
  }
}
