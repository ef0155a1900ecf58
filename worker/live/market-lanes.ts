import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import type { MarketBook } from './market-book.ts'

/** What a market's object did with an item; `have` is what it can go on from, null for nothing. */
export type ApplyOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'need'; readonly have: number | null }

/** What the collector is to be asked for. */
export type Need = { readonly m: Ticker; readonly have: number | null }

type Lane = {
  /** Calls keep their order on one stub alone, so it is kept until a call throws. */
  stub: DurableObjectStub<MarketBook> | null
  /** The object holds the market's book as this connection of the collector gave it. */
  current: boolean
  /** The last call that is under way. */
  last: Promise<unknown> | null
  /** When the collector was last asked for it, ms. */
  askedMs: number
  readonly waiting: Set<() => void>
}

/** The way from a shard to its markets' objects: items in order, and who waits for them. */
export class MarketLanes {
  readonly #lanes = new Map<Ticker, Lane>()
  readonly #stubOf: (market: Ticker) => DurableObjectStub<MarketBook>
  /** Counts collectors' connections: what an earlier one delivered proves nothing now. */
  #connection = 0

  constructor(stubOf: (market: Ticker) => DurableObjectStub<MarketBook>) {
    this.#stubOf = stubOf
  }

  /** Calls a market's object; a call that throws breaks its stub for ever, so the stub is dropped. */
  async call<Result>(
    market: Ticker,
    run: (stub: DurableObjectStub<MarketBook>) => Promise<Result>,
  ): Promise<Result> {
    const lane = this.#of(market)
    lane.stub ??= this.#stubOf(market)
    const { stub } = lane
    try {
      return await run(stub)
    } catch (error) {
      if (lane.stub === stub) lane.stub = null
      throw error
    }
  }

  /**
   * Hands an item to its market's object, at once, so that items arrive in the order of the calls.
   * @returns what is needed to go on, null when nothing is; never rejects
   */
  forward(item: FeedItem): Promise<Need | null> {
    const market = item.m as Ticker
    const lane = this.#of(market)
    const connection = this.#connection
    const settled = this.call(market, async (stub): Promise<ApplyOutcome> => await stub.apply(item))
      .catch((): ApplyOutcome => ({ kind: 'need', have: null }))
      .then((outcome) => {
        lane.current = outcome.kind === 'taken' && connection === this.#connection
        if (lane.last === settled) lane.last = null
        // The last question was answered, well or not: another may be asked at once.
        if (outcome.kind === 'taken' || item.image) lane.askedMs = Number.NEGATIVE_INFINITY
        if (outcome.kind === 'need') return { m: market, have: outcome.have }
        for (const wake of [...lane.waiting]) wake()
        return null
      })
    lane.last = settled
    return settled
  }

  /** The object of a market is no longer known to hold its book: a new collector, or it forgot. */
  outdate(market: Ticker): void {
    this.#of(market).current = false
  }

  /** As `outdate`, of all markets. */
  outdateAll(): void {
    this.#connection += 1
    for (const lane of this.#lanes.values()) lane.current = false
  }

  /** Whether to ask the collector for a market now: not again within `patienceMs`. */
  mayAsk(market: Ticker, nowMs: number, patienceMs: number): boolean {
    const lane = this.#of(market)
    if (nowMs - lane.askedMs < patienceMs) return false
    lane.askedMs = nowMs
    return true
  }

  isCurrent(market: Ticker): boolean {
    return this.#of(market).current
  }

  /** Waits until the market's object holds its book and no item is on its way to it, or too long. */
  async settle(market: Ticker, patienceMs: number): Promise<boolean> {
    const lane = this.#of(market)
    if (!lane.current) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          lane.waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, patienceMs)
        lane.waiting.add(wake)
      })
    }
    await lane.last
    return lane.current
  }

  #of(market: Ticker): Lane {
    const known = this.#lanes.get(market)
    if (known !== undefined) return known
    const lane: Lane = {
      stub: null,
      current: false,
      last: null,
      askedMs: Number.NEGATIVE_INFINITY,
      waiting: new Set(),
    }
    this.#lanes.set(market, lane)
    return lane
  }
}
