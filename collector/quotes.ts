import type { Micros } from '#core/instant'
import type { BookRecord } from '#core/log'
import { type BestBid, MarketQuote, minuteOf } from '#core/market-quote'
import type { QuoteMinute } from '#core/quote-minute'
import { beforeStamps } from '#core/recv-stamp'
import type { Size } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'

/** What the ticker channel says of a market that belongs to a candle. */
type TickerFrame = { readonly market: Ticker; readonly openInterest: Size }

/** Keeps every market's best bid and ask beside its book, and tells each UTC minute's last ones. */
export class Quotes {
  readonly #best: BestBid
  readonly #quotes = new Map<Ticker, MarketQuote>()
  #listed: MarketQuote[] = []
  #closed: QuoteMinute[] = []

  constructor(best: BestBid) {
    this.#best = best
  }

  /** Takes each record of every log, in the log's order, right after it was made; an epoch's opening gaps too. */
  onRecord(market: Ticker, record: BookRecord): void {
    const quote = this.#at(market, record.recv)
    quote.record(record, this.#best)
    this.#list(quote)
  }

  /** Takes a trade that came on the stream. */
  onTrade(trade: Trade): void {
    const quote = this.#at(trade.market, trade.recv)
    quote.trade(trade)
    this.#list(quote)
  }

  /** Takes a ticker frame; of a market of which neither records nor trades came it says nothing to us. */
  onTicker({ market, openInterest }: TickerFrame, recv: Micros): void {
    if (!this.#quotes.has(market)) return
    const quote = this.#at(market, recv)
    quote.openInterest(openInterest)
    this.#list(quote)
  }

  /**
   * Closes the minutes that have ended. To be asked every second or so: what it returns waits in memory.
   * @param now the receive clock; every record received until now has been given to us
   * @returns the quote minutes since the last call: of each market those in which its bbo or open interest
   * changed or a trade fell
   */
  minute(now: Micros): QuoteMinute[] {
    const current = minuteOf(beforeStamps(now))
    const listed = this.#listed
    this.#listed = []
    for (const quote of listed) {
      quote.listed = false
      if (quote.minute < current) this.#turn(quote, current)
      if (quote.ended && !quote.due) this.#quotes.delete(quote.market)
      else this.#list(quote)
    }
    const closed = this.#closed
    this.#closed = []
    return closed
  }

  /** The market's quote, gathering the minute of this moment or a later one. */
  #at(market: Ticker, recv: Micros): MarketQuote {
    const minute = minuteOf(recv)
    let quote = this.#quotes.get(market)
    if (quote === undefined) {
      quote = new MarketQuote(market, minute)
      this.#quotes.set(market, quote)
    } else if (quote.minute < minute) this.#turn(quote, minute)
    return quote
  }

  #turn(quote: MarketQuote, minute: number): void {
    const closed = quote.turn(minute)
    if (closed !== null) this.#closed.push(closed)
  }

  #list(quote: MarketQuote): void {
    if (quote.listed || !(quote.due || quote.ended)) return
    quote.listed = true
    this.#listed.push(quote)
  }
}
