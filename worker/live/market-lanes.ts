import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import type { WireTradeHole } from '#core/wire/trade-hole'
import type { MarketBook } from './market-book.ts'
import { inTime } from './patience.ts'

/** What a shard tells a market's object with whatever it brings. */
export type Feeding = {
  /** The latest token of the object that the shard knows. */
  readonly token: number
  /** Trades that were on their way to it are lost. */
  readonly hole: WireTradeHole | null
}

/** That the object wants its book no more; it counts while the token is its latest. */
export type Idle = { readonly kind: 'idle'; readonly token: number }

/** What a market's object did with an item; `have` is what it can go on from, null for nothing. */
export type ApplyOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'need'; readonly have: number | null }
  | Idle

/** What is known of a market's subscribers after a heartbeat; `unlistened` has none but was read of late. */
export type HeartbeatOutcome =
  | { readonly kind: 'listened' }
  | { readonly kind: 'unlistened'; readonly token: number }
  | Idle

/** Its object has answered nothing for long: the item was not sent, and it is to be given all anew. */
type Hanging = { readonly kind: 'hanging' }

/** An object that answers nothing for so long (ms) hangs: nobody waits for it, and it is sent nothing more. */
export const HANGS_MS = 2000
/** Then it is tried again (ms after its last answer), on a way of its own. */
const TRIED_AGAIN_MS = 30_000

type Lane = {
  /** Calls keep their order on one stub alone, so it is kept until a call throws. */
  stub: DurableObjectStub<MarketBook> | null
  /** The object holds the market's book as this connection of the collector gave it. */
  current: boolean
  /** The collector was asked to watch: what comes before a start was sent before it stopped watching. */
  begins: boolean
  /** Counts how often that was doubted: what was on its way then proves nothing. */
  doubts: number
  /** The last call that is under way. */
  last: Promise<unknown> | null
  /** When its object last answered, or was sent something after it had nothing to answer, ms. */
  movedMs: number
  /** When the collector was last asked for it, ms. */
  askedMs: number
  hole: WireTradeHole | null
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
    token: number,
    run: (stub: DurableObjectStub<MarketBook>, feeding: Feeding) => Promise<Result>,
  ): Promise<Result> {
    const lane = this.#of(market)
    lane.stub ??= this.#stubOf(market)
    const { stub, hole } = lane
    lane.hole = null
    try {
      return await run(stub, { token, hole })
    } catch (error) {
      if (lane.stub === stub) lane.stub = null
      if (hole !== null) this.lose(market, hole)
      throw error
    }
  }

  /**
   * Hands an item to its market's object, at once, so that items arrive in the order of the calls. An object that fails
   * needs all anew. Never rejects.
   */
  forward(item: FeedItem, token: number): Promise<ApplyOutcome | Hanging> {
    const market = item.m as Ticker
    const lane = this.#of(market)
    if (this.#hangs(lane)) {
      this.#pass(item)
      return Promise.resolve({ kind: 'hanging' })
    }
    if (lane.last === null) lane.movedMs = Date.now()
    const connection = this.#connection
    if (item.image !== undefined || item.records?.[0]?.type === 'gap') lane.begins = false
    const { begins, doubts } = lane
    const settled = this.call(
      market,
      token,
      async (stub, feeding): Promise<ApplyOutcome> => await stub.apply(item, feeding),
    )
      .catch((): ApplyOutcome => {
        this.#pass(item)
        return { kind: 'need', have: null }
      })
      .then((outcome) => {
        lane.movedMs = Date.now()
        const taken = outcome.kind === 'taken'
        const sure = !begins && doubts === lane.doubts && connection === this.#connection
        lane.current = taken && sure
        if (lane.last === settled) lane.last = null
        // The last question was answered, well or not: another may be asked at once.
        if (taken || item.image) lane.askedMs = Number.NEGATIVE_INFINITY
        if (lane.current) for (const wake of [...lane.waiting]) wake()
        return outcome
      })
    lane.last = settled
    return settled
  }

  /** Trades that were on their way to a market's object are lost: it is told with what comes next. */
  lose(market: Ticker, { from_us, to_us }: WireTradeHole): void {
    const lane = this.#of(market)
    const before = lane.hole
    const open = to_us === null || before?.to_us === null
    lane.hole = {
      from_us: Math.min(from_us, before?.from_us ?? from_us),
      to_us: open ? null : Math.max(to_us, before?.to_us ?? to_us),
    }
  }

  /** The object of a market is no longer known to hold its book: it forgot. */
  outdate(market: Ticker): void {
    const lane = this.#of(market)
    lane.current = false
    lane.doubts += 1
  }

  /** The collector is asked to watch a market: its object holds the book once a start has come. */
  begin(market: Ticker): void {
    this.outdate(market)
    this.#of(market).begins = true
  }

  /** As `outdate`, of all markets: a new collector, or none. */
  outdateAll(): void {
    this.#connection += 1
    for (const lane of this.#lanes.values()) lane.current = false
  }

  /** Forgets a market that its object follows no more. */
  end(market: Ticker): void {
    this.#lanes.delete(market)
  }

  /** Whether to ask the collector for a market now: not again within `patienceMs`. */
  mayAsk(market: Ticker, nowMs: number, patienceMs: number): boolean {
    const lane = this.#of(market)
    if (nowMs - lane.askedMs < patienceMs || this.#hangs(lane)) return false
    lane.askedMs = nowMs
    return true
  }

  isCurrent(market: Ticker): boolean {
    return this.#lanes.get(market)?.current ?? false
  }

  /** Waits until the market's object holds its book and no item is on its way to it, or too long. */
  async settle(market: Ticker, patienceMs: number): Promise<boolean> {
    const deadline = Date.now() + patienceMs
    const lane = this.#of(market)
    if (!lane.current) {
      const { promise, resolve } = Promise.withResolvers<void>()
      lane.waiting.add(resolve)
      await inTime(promise, patienceMs)
      lane.waiting.delete(resolve)
    }
    const { last } = lane
    const done = last === null || (await inTime(last, Math.max(0, deadline - Date.now()))) !== null
    return done && lane.current
  }

  /** Whether its object has answered nothing for long, and is not to be tried again yet. */
  #hangs(lane: Lane): boolean {
    const forMs = Date.now() - lane.movedMs
    if (lane.last === null || forMs < HANGS_MS) return false
    if (forMs < TRIED_AGAIN_MS) return true
    lane.stub = null
    lane.last = null
    return false
  }

  /** An item does not come to its market's object. */
  #pass({ m, trades: [first] = [] }: FeedItem): void {
    const market = m as Ticker
    this.outdate(market)
    const now = Date.now() * 1000
    if (first) this.lose(market, { from_us: Math.min(first.recv_us, now), to_us: now })
  }

  #of(market: Ticker): Lane {
    const known = this.#lanes.get(market)
    if (known !== undefined) return known
    const lane: Lane = {
      stub: null,
      current: false,
      begins: false,
      doubts: 0,
      last: null,
      movedMs: 0,
      askedMs: Number.NEGATIVE_INFINITY,
      hole: null,
      waiting: new Set(),
    }
    this.#lanes.set(market, lane)
    return lane
  }
}
