import type { Level, Side } from './book.ts'
import { Fees } from './fees.ts'
import { eventOf, isCombo, type Market } from './market.ts'
import { printTimestamp, toMillis } from './timestamp.ts'

/** The exchange's time of a change; a recorded change keeps what its recording says, or says none. */
export type Stamp = { atUs: number; ts: string | undefined; tsMs: number | undefined }

/** A change of a true book. Prices in millionths, sizes in hundredths, `stamp.atUs` the true time. */
export type BookChange =
  | { kind: 'delta'; market: Market; side: Side; price: number; change: number; stamp: Stamp }
  | { kind: 'snapshot'; market: Market; atUs: number }

/** One trade: the yes price in millionths, the count in hundredths, who crossed the spread; a block was negotiated. */
export type Trade = {
  id: string
  market: Market
  yesPrice: number
  count: number
  taker: Side
  block: boolean
  atUs: number
}

/** What a life event of a market or an event says on the lifecycle channel. */
export type LifeEvent = {
  type: 'market_lifecycle_v2' | 'event_lifecycle' | 'event_fee_update'
  market: Market
  msg: Record<string, unknown>
}

/** What can be heard on the floor; each is called in the order in which things happened. */
export type FloorListener = {
  changed?(change: BookChange): void
  traded?(trade: Trade): void
  quoted?(market: Market, atUs: number): void
  lived?(life: LifeEvent): void
}

const TRADES_KEPT = 10_000

/** @returns the stamp of a change that happens at this moment (microseconds) */
export function stampAt(atUs: number): Stamp {
  return { atUs, ts: printTimestamp(atUs), tsMs: toMillis(atUs) }
}

/**
 * The trading floor: every market with its true book, and the one place where they change. Sources
 * act on it, connections and observers listen to it.
 */
export class Floor {
  readonly markets = new Map<string, Market>()
  readonly events = new Map<string, Market[]>()
  readonly fees = new Fees()
  /** the newest trades, oldest first; beyond its bound the oldest are forgotten */
  readonly trades: Trade[] = []
  /** deltas of books so far, told or not */
  changes = 0
  readonly #listeners = new Set<FloorListener>()
  readonly #observers = new Set<(change: BookChange) => void>()
  readonly #quotes = new Map<string, string>()
  #newestFirst: Market[] | null = null

  /** Adds a market; throws when its ticker is taken. */
  add(market: Market): void {
    if (this.markets.has(market.ticker)) throw new Error(`${market.ticker} is already listed`)
    this.markets.set(market.ticker, market)
    this.#newestFirst = null
    const event = eventOf(market.ticker)
    const siblings = this.events.get(event)
    if (siblings === undefined) this.events.set(event, [market])
    else siblings.push(market)
  }

  /** @returns the market of a ticker; throws when it is not listed */
  market(ticker: string): Market {
    const market = this.markets.get(ticker)
    if (market === undefined) throw new Error(`${ticker} is not listed`)
    return market
  }

  /** @returns all markets, those that were created last first: the order of the exchange's lists */
  newestFirst(): readonly Market[] {
    this.#newestFirst ??= [...this.markets.values()].sort(
      (a, b) => b.createdUs - a.createdUs || (a.ticker < b.ticker ? -1 : 1),
    )
    return this.#newestFirst
  }

  /** @returns the tickers of all markets that are not combos */
  tickers(): string[] {
    return [...this.markets.values()].filter((each) => !isCombo(each)).map((each) => each.ticker)
  }

  /** Calls the listener for everything that happens from now on, until the returned function is called. */
  listen(listener: FloorListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls the observer at every true change of a book, told or not, until the returned function is called. */
  observe(observer: (change: BookChange) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  /** Whether anybody observes. */
  get isObserved(): boolean {
    return this.#observers.size > 0
  }

  /** Tells observers, and no connection, of a change that has happened. */
  observed(change: BookChange): void {
    for (const observer of this.#observers) observer(change)
  }

  /** Changes one level of a market's book. */
  delta(market: Market, side: Side, price: number, change: number, stamp: Stamp): void {
    market.book.apply(side, price, change)
    this.changes += 1
    const event: BookChange = { kind: 'delta', market, side, price, change, stamp }
    this.observed(event)
    for (const listener of this.#listeners) listener.changed?.(event)
  }

  /** Replaces a market's book, which the exchange says with a snapshot that nobody asked for. */
  snapshot(market: Market, yes: Iterable<Level>, no: Iterable<Level>, atUs: number): void {
    market.book.replace(yes, no)
    this.observed({ kind: 'snapshot', market, atUs })
    for (const listener of this.#listeners) listener.changed?.({ kind: 'snapshot', market, atUs })
    this.quote(market, atUs)
  }

  /** Reports a trade; the deltas of the orders that it hit are the caller's to send. */
  trade(trade: Trade): void {
    const { market, yesPrice, count } = trade
    market.lastPrice = yesPrice
    market.lastSize = count
    market.volume += count
    market.openInterest += count
    market.dollarVolume += (yesPrice * count) / 100
    this.trades.push(trade)
    if (this.trades.length > TRADES_KEPT * 1.2) {
      this.trades.splice(0, this.trades.length - TRADES_KEPT)
    }
    for (const listener of this.#listeners) listener.traded?.(trade)
  }

  /** Reports the best prices of a market if they, their sizes or its trading changed since last time. */
  quote(market: Market, atUs: number): void {
    const { book, volume } = market
    const bid = book.best('yes')
    const ask = book.best('no')
    const quote = `${bid},${book.size('yes', bid)},${ask},${book.size('no', ask)},${volume}`
    if (this.#quotes.get(market.ticker) === quote) return
    this.#quotes.set(market.ticker, quote)
    for (const listener of this.#listeners) listener.quoted?.(market, atUs)
  }

  /** Reports a life event. */
  live(event: LifeEvent): void {
    for (const listener of this.#listeners) listener.lived?.(event)
  }
}
