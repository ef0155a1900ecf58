import { LiveBook } from '#core/live-book'
import { minuteOf } from '#core/market-minutes'
import type { RingBudget } from '#core/ring-budget'
import type { Style } from '#core/subscriptions'
import { printBbo } from '#core/wire/bbo'
import type { FeedItem } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'
import type { WireStatus } from '#core/wire/status'
import type { WireTrade } from '#core/wire/trade'
import { countTold, type Encoded, encode } from './gateway-encoded.ts'
import type { Seat } from './gateway-seat.ts'
import { SharedView } from './gateway-view.ts'

/** One market that an account follows: its book, and those of its connections that are told of it. */
export class GatewayMarket {
  readonly ticker: string
  readonly shard: number
  readonly live: LiveBook
  readonly seats = new Set<Seat>()
  /** Those who see every record. */
  readonly #plain = new Set<Seat>()
  /** The minute that all of them have counted. */
  #plainMinute = -1
  readonly #views = new Map<string, SharedView>()
  /** Called with a view of which something is to be told after its time. */
  readonly #later: (view: SharedView) => void
  status: WireStatus | null = null

  constructor(
    ticker: string,
    shard: number,
    marketStatus: string,
    budget: RingBudget,
    later: (view: SharedView) => void,
  ) {
    this.ticker = ticker
    this.shard = shard
    this.live = new LiveBook(ticker, marketStatus, budget)
    this.#later = later
  }

  /** Gives a seat its place by the style in which it sees the book. */
  seat(seat: Seat): void {
    this.#unplace(seat)
    if (seat.style === null) return
    if (seat.style.depth === null && seat.style.conflateMs === 0) {
      this.#plain.add(seat)
      this.#plainMinute = -1
      return
    }
    const view = this.#viewOf(seat.style)
    view.seats.add(seat)
    seat.view = view
  }

  /** A seat is no more. */
  leave(seat: Seat): void {
    this.#unplace(seat)
    this.seats.delete(seat)
  }

  /**
   * Takes an item of the feed and tells everybody.
   * @param trades those of it that are news
   * @param nowUs the moment of sending, µs
   * @returns whether the book cannot go on without what follows its seq
   */
  take(item: FeedItem, trades: readonly WireTrade[], nowUs: number): boolean {
    const entries = readItem(item)
    const began = this.live.seq !== null
    const minute = minuteOf(nowUs)
    const { messages, bbos, need } =
      entries === null
        ? { messages: [], bbos: [], need: true }
        : this.live.take(entries, item.sum ?? null, nowUs)
    if (item.status !== undefined) this.#takeStatus(item.status)
    for (const message of messages) {
      if (this.#plain.size === 0) break
      const encoded: Encoded = encode(message, this.#plainMinute === minute ? null : minute)
      for (const seat of this.#plain) seat.take(encoded)
      if (encoded.minute !== null && countTold(this.#plain, encoded)) this.#plainMinute = minute
    }
    for (const view of this.#views.values()) {
      if (view.conflateMs === 0) view.flush(nowUs)
      else {
        view.gather()
        this.#later(view)
      }
    }
    this.#tell(
      'bbo',
      bbos.map((change) => this.#bboText(printBbo(change))),
      (seat, text) => seat.takeBbo(text, minute),
    )
    for (const trade of trades) {
      this.#tell('trade', [JSON.stringify(trade)], (seat, text) => {
        if (seat.connection.takeTrade(text, trade)) seat.count(minute)
      })
    }
    if (!began && this.live.seq !== null) {
      for (const seat of this.seats) seat.connection.enqueue(seat)
    }
    return need
  }

  /** Best bid and ask as they are now; null while there is no book. */
  get bboText(): string | null {
    const { bbo } = this.live
    return bbo && this.#bboText(printBbo(bbo))
  }

  /** Where the market stands; null while that is not known. */
  get statusText(): string | null {
    const { status } = this
    return status && JSON.stringify({ type: 'status', market: this.ticker, ...status })
  }

  #takeStatus(status: WireStatus): void {
    this.status = status
    this.live.marketStatus = status.market_status
    const text = this.statusText
    if (text !== null) this.#tell('status', [text], (seat) => seat.takeStatus(text))
  }

  #tell(
    channel: 'bbo' | 'trade' | 'status',
    texts: readonly string[],
    tell: (seat: Seat, text: string) => void,
  ): void {
    for (const text of texts) {
      for (const seat of this.seats) if (seat.channels.has(channel)) tell(seat, text)
    }
  }

  #bboText(bbo: object): string {
    return JSON.stringify({ type: 'bbo', market: this.ticker, ...bbo })
  }

  #viewOf(style: Style): SharedView {
    const key = `${style.depth} ${style.conflateMs}`
    const view = this.#views.get(key) ?? new SharedView(this.ticker, this.live, style)
    this.#views.set(key, view)
    return view
  }

  #unplace(seat: Seat): void {
    this.#plain.delete(seat)
    seat.view?.seats.delete(seat)
    for (const [key, view] of this.#views) if (view.seats.size === 0) this.#views.delete(key)
    seat.view = null
  }
}
