import type { BookRecord, Seq } from '#core/log'
import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { RecordText } from '#core/wire/record-text'
import { printTrade } from '#core/wire/trade'
import { Peeks } from './peeks.ts'
import { RecentRecords } from './recent-records.ts'
import { type Grown, MESSAGE_CHARACTERS, WaitingItem } from './waiting-item.ts'

export type FeedOutboxOptions = {
  readonly logs: ReadonlyMap<Ticker, MarketLog>
  /** Records and trades that may wait; past it the shard starts over from images. */
  readonly bound: number
  /** Where a market stands now, as the feed carries it; null when that is not known. */
  readonly statusOf: (market: Ticker) => string | null
}

/** Between two checksums of a market that only changes, ms: over a whole book, one costs as much as many changes. */
const SUM_EVERY_MS = 1000

type Watched = {
  /** It is still to be said where it stands. */
  due: boolean
  /** When its book's checksum was last told, as `Date.now()`. */
  summedMs: number
}

/** What one shard is to be sent: records, images, trades and states of the markets that it watches, and what it peeks at. */
export class FeedOutbox {
  readonly #options: FeedOutboxOptions
  readonly #text = new RecordText()
  readonly #recent: RecentRecords
  readonly #peeks: Peeks
  readonly #watched = new Map<Ticker, Watched>()
  readonly #waiting = new Map<Ticker, WaitingItem>()
  #entries = 0
  #characters = 0
  /** Nothing goes out until the shard acknowledges: a market's backlog becomes an image. */
  held = false

  readonly #grown: Grown = (entries, characters) => {
    this.#entries += entries
    this.#characters += characters
  }

  constructor(options: FeedOutboxOptions) {
    this.#options = options
    this.#recent = new RecentRecords(options.bound)
    this.#peeks = new Peeks(options.logs)
  }

  get empty(): boolean {
    return this.#waiting.size === 0 && this.#peeks.empty
  }

  /** Characters of what waits, about. */
  get bytes(): number {
    return this.#characters
  }

  /** How long what waits longest has waited, ms; 0 when nothing does. @param nowMs as `Date.now()` */
  waitedMs(nowMs: number): number {
    const [oldest] = this.#waiting.values()
    return oldest === undefined ? 0 : Math.max(0, nowMs - oldest.sinceMs)
  }

  get overflown(): boolean {
    return this.#entries > this.#options.bound
  }

  get watched(): number {
    return this.#watched.size
  }

  /** Takes a record if its market is watched; tells whether it was taken. */
  add(market: Ticker, record: BookRecord): boolean {
    if (!this.#watched.has(market)) return false
    const printed = { seq: record.seq, text: this.#text.line(record).slice(0, -1) }
    this.#recent.add(market, printed)
    this.#wait(market).add(printed, this.held)
    return true
  }

  /** Takes a trade if its market is watched; tells whether it was taken. */
  trade(trade: Trade): boolean {
    if (!this.#watched.has(trade.market)) return false
    this.#wait(trade.market).trades([JSON.stringify(printTrade(trade))])
    return true
  }

  /** Takes where a market stands now if it is watched, in place of what waits to be said of that; tells whether it was taken. */
  status(market: Ticker, text: () => string): boolean {
    if (!this.#watched.has(market)) return false
    this.#wait(market).status = text()
    return true
  }

  /** These markets are watched from now on; each begins with an image, once its log has begun. */
  watch(markets: readonly Ticker[]): void {
    for (const market of markets) {
      if (this.#watched.has(market)) this.need(market, null)
      else {
        this.#watched.set(market, { due: true, summedMs: 0 })
        this.#wait(market).raise('image')
      }
    }
  }

  /** These markets are watched no more; what waits of them is dropped. */
  unwatch(markets: readonly Ticker[]): void {
    for (const market of markets) {
      this.#watched.delete(market)
      this.#recent.forget(market)
      this.#drop(market)
    }
  }

  /**
   * A reader of a book fell behind. Others may follow the same book: no record that waits is lost to them.
   * @param have the last seq that it took; null when only an image helps
   */
  need(market: Ticker, have: Seq | null): void {
    const watched = this.#watched.get(market)
    if (watched === undefined) {
      this.watch([market])
      return
    }
    watched.due = true
    watched.summedMs = 0
    const waiting = this.#wait(market)
    const missing = have === null ? null : this.#recent.after(market, have)
    if (missing !== null) waiting.again(missing)
    else waiting.raise(this.#isAll(market, have) ? 'records and sum' : 'records and image')
  }

  /** One image of a market, watched or not, is wanted by the question `ref`. */
  peek(market: Ticker, ref: number): void {
    this.#peeks.ask(market, ref)
  }

  /** A new connection: nothing is owed, nobody is known to watch. */
  clear(): void {
    this.#watched.clear()
    this.#waiting.clear()
    this.#recent.clear()
    this.#peeks.clear()
    this.#entries = 0
    this.#characters = 0
    this.held = false
  }

  /** Takes items for one message as JSON text; null when nothing is to be said. @param nowMs as `Date.now()` */
  take(nowMs: number): string | null {
    const items = this.#peeks.take(MESSAGE_CHARACTERS / 2)
    let characters = items.reduce((sum, { length }) => sum + length, 0)
    for (const [market, waiting] of this.#waiting) {
      const log = this.#options.logs.get(market)
      const watched = this.#watched.get(market)
      const standing = () => (watched?.due ? this.#options.statusOf(market) : null)
      const isSummed = nowMs - (watched?.summedMs ?? 0) >= SUM_EVERY_MS
      const item = waiting.print(market, log, { standing, isSummed, nowMs })
      characters += item?.text.length ?? 0
      if (items.length > 0 && characters > MESSAGE_CHARACTERS) break
      if (item !== null) items.push(item.text)
      if (watched !== undefined && item !== null) {
        if (item.stands) watched.due = false
        if (item.isSummed) watched.summedMs = nowMs
      }
      const { moreTrades } = waiting
      this.#drop(market)
      if (moreTrades.length > 0) this.#wait(market).trades(moreTrades)
    }
    return items.length === 0 ? null : `[${items.join(',')}]`
  }

  /** Whether who has come so far has all of a book, so that its checksum proves it. */
  #isAll(market: Ticker, have: Seq | null): boolean {
    const log = this.#options.logs.get(market)
    return log?.known === true && have === log.last
  }

  #wait(market: Ticker): WaitingItem {
    const known = this.#waiting.get(market)
    if (known !== undefined) return known
    const waiting = new WaitingItem(this.#grown)
    this.#waiting.set(market, waiting)
    return waiting
  }

  #drop(market: Ticker): void {
    this.#waiting.get(market)?.drop()
    this.#waiting.delete(market)
  }
}
