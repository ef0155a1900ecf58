import { bboFrom } from './bbo.ts'
import type { Micros } from './instant.ts'
import type { BookRecord, DeltaRecord, Level, Side } from './log.ts'
import { asPrice } from './price.ts'
import type { QuoteMinute } from './quote-minute.ts'
import type { Size } from './size.ts'
import type { Ticker } from './ticker.ts'
import type { Trade } from './trade.ts'

/** The highest bid of a side of a market's book as its log stands now; null when there is none. */
export type BestBid = (market: Ticker, side: Side) => Level | null

const MINUTE_US = 60_000_000
const KNOWN = -1
const EVER = 0

/** The number of the UTC minute that holds a moment, counted from 1970. */
export function minuteOf(us: Micros): number {
  return Math.floor(us / MINUTE_US)
}

/** One market's best bid and ask, kept beside its book, and what its minute has seen so far. */
export class MarketQuote {
  readonly market: Ticker
  /** Number of the minute that is being gathered. */
  minute: number
  /** Among those that its owner must close. */
  listed = false
  /** The log has ended: nothing is to be expected after this minute. */
  ended = false
  /** Prices and sizes apart, so that a delta away from the top costs one comparison; price 0 is none. */
  #yesPrice = 0
  #yesSize = 0
  #noPrice = 0
  #noSize = 0
  #openInterest: Size | null = null
  /** Since when the book has not been known, µs. */
  #unknownSince = EVER
  /** What the minute has had of unknown time, µs, without a stretch that still lasts. */
  #gapUs = 0
  #changed = false
  #traded = -1

  /** @param minute the one in which the market is first seen */
  constructor(market: Ticker, minute: number) {
    this.market = market
    this.minute = minute
  }

  /** Whether the minute is to be told: bbo or open interest changed in it, or a trade fell in it. */
  get due(): boolean {
    return this.#changed || this.#traded >= this.minute
  }

  /**
   * Takes a record of the minute that is being gathered, or of shortly before it.
   * @param best answers from the book after this record; asked only when the best level has gone
   */
  record(record: BookRecord, best: BestBid): void {
    switch (record.kind) {
      case 'delta':
        this.#delta(record, best)
        return
      case 'snapshot':
        // Before a log's first record there was nothing to be known.
        if (this.#unknownSince !== KNOWN) {
          if (record.reason !== 'first') this.#gapUs += this.#unknownUntil(record.recv)
          this.#unknownSince = KNOWN
          this.#changed = true
        }
        this.#set('yes', record.yes[0] ?? null)
        this.#set('no', record.no[0] ?? null)
        return
      case 'gap':
        this.#lose(record.from)
        return
      case 'end':
        this.ended = true
        if (record.reason === 'deselected') this.#lose(record.recv)
        return
    }
  }

  /** Takes a trade; a block trade is none of the book's minutes. */
  trade(trade: Trade): void {
    if (!trade.block) this.#traded = Math.max(this.#traded, minuteOf(trade.event))
  }

  openInterest(openInterest: Size): void {
    if (this.#openInterest === openInterest) return
    this.#openInterest = openInterest
    this.#changed = true
  }

  /**
   * Ends the minute and begins a later one.
   * @returns the minute as it ended, or null when there is nothing to tell of it
   */
  turn(minute: number): QuoteMinute | null {
    const due = this.#changed || this.#traded === this.minute
    const closed = due ? this.#close() : null
    this.minute = minute
    this.#gapUs = 0
    this.#changed = false
    return closed
  }

  #close(): QuoteMinute {
    const start = this.minute * MINUTE_US
    const unknown =
      this.#unknownSince === KNOWN ? 0 : this.#unknownUntil((start + MINUTE_US) as Micros)
    return {
      market: this.market,
      start: start as Micros,
      ...bboFrom(level(this.#yesPrice, this.#yesSize), level(this.#noPrice, this.#noSize)),
      openInterest: this.#openInterest,
      gapUs: Math.min(MINUTE_US, this.#gapUs + unknown),
    }
  }

  #delta({ side, price, size }: DeltaRecord, best: BestBid): void {
    const top = side === 'yes' ? this.#yesPrice : this.#noPrice
    if (price < top) return
    if (size > 0) this.#put(side, price, size)
    else if (price === top) this.#set(side, best(this.market, side))
  }

  #set(side: Side, level: Level | null): void {
    this.#put(side, level?.[0] ?? 0, level?.[1] ?? 0)
  }

  #put(side: Side, price: number, size: number): void {
    if (side === 'yes') {
      if (price === this.#yesPrice && size === this.#yesSize) return
      this.#yesPrice = price
      this.#yesSize = size
    } else {
      if (price === this.#noPrice && size === this.#noSize) return
      this.#noPrice = price
      this.#noSize = size
    }
    this.#changed = true
  }

  #lose(from: Micros): void {
    if (this.#unknownSince > EVER) {
      this.#unknownSince = Math.min(this.#unknownSince, from)
      return
    }
    this.#unknownSince = from
    this.#changed = true
    this.#set('yes', null)
    this.#set('no', null)
  }

  /** How much of the minute has been unknown from when the book was lost until `until`, µs. */
  #unknownUntil(until: Micros): number {
    return Math.max(0, until - Math.max(this.#unknownSince, this.minute * MINUTE_US))
  }
}

function level(price: number, size: number): Level | null {
  const real = asPrice(price)
  return real && [real, size as Size]
}
