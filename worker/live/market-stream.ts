import type { FeedWord } from '#core/feed-health'
import { LiveBook } from '#core/live-book'
import { bringsRecord, minuteOf } from '#core/market-minutes'
import { beginsWithBook, hearsChannel, served, type WaitingSub } from '#core/stream-session'
import type { Ticker } from '#core/ticker'
import { TradeRing } from '#core/trade-ring'
import { printBbo } from '#core/wire/bbo'
import type { FeedItem } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'
import type { WireStatus } from '#core/wire/status'
import type { ServerMessage } from '#core/wire/stream'
import type { WireTrade } from '#core/wire/trade'
import type { WireTradeHole } from '#core/wire/trade-hole'
import type { MarketCheckpoint } from './market-checkpoint.ts'
import { laterStanding, sameStanding } from './standing.ts'
import type { StreamLease } from './stream-lease.ts'
import type { Subscribers } from './subscribers.ts'

/** What became of an item: the book goes on, or needs what follows its seq. */
export type Heard =
  | { readonly kind: 'need' }
  /** `recv`: of the last entry, µs; null when there was none. */
  | { readonly kind: 'taken'; readonly recv: number | null }

/** One market's book, trades and state, and who of its subscribers is told of them. */
export class MarketStream {
  readonly #market: Ticker
  readonly #subscribers: Subscribers
  readonly #checkpoint: MarketCheckpoint
  readonly #trades = new TradeRing()
  readonly live: LiveBook
  #status: WireStatus | null
  /** The book is what the shard sent, and all of it: not only what was kept over an eviction. */
  whole = false

  constructor(market: Ticker, subscribers: Subscribers, checkpoint: MarketCheckpoint) {
    this.#market = market
    this.#subscribers = subscribers
    this.#checkpoint = checkpoint
    this.#status = laterStanding(checkpoint.status, subscribers.standing)
    this.live = new LiveBook(market, this.#status?.market_status ?? '')
    const { book } = checkpoint
    if (book !== null) this.live.restore(book)
  }

  /** The shard may have stopped sending: nothing is known to be all that there is. */
  stop(): void {
    this.whole = false
    this.#trades.restart(null)
  }

  /** Takes an item from the shard and tells the subscribers. */
  take(item: FeedItem, nowUs: number): Heard {
    const entries = readItem(item)
    if (item.status !== undefined) this.#turn(item.status)
    if (item.trades !== undefined) this.#trade(item.trades)
    // A checksum says of the book that it is all that there is; trades and states say nothing of it.
    const proves = item.sum !== undefined && this.live.state.kind === 'known'
    if (entries === null || (entries.length === 0 && !this.whole && !proves)) {
      this.whole = false
      return { kind: 'need' }
    }
    const before = this.live.seq
    const { messages, bbos, need } = this.live.take(entries, item.sum ?? null, nowUs)
    const inStep = before !== null && this.#subscribers.told === before
    if (this.live.seq === null) this.#subscribers.keepTold(null)
    else if (inStep) {
      this.#tell('book', messages)
      this.#tell(
        'bbo',
        bbos.map((bbo) => ({ type: 'bbo', market: this.#market, ...printBbo(bbo) })),
      )
      if (this.live.seq !== before) this.#subscribers.keepTold(this.live.seq)
    } else this.#catchUp()
    if (need) {
      this.whole = false
      return { kind: 'need' }
    }
    if (!this.whole) {
      this.whole = true
      this.#trades.restart(nowUs)
    }
    for (const socket of this.#subscribers.waiting) this.serve(socket)
    return { kind: 'taken', recv: entries.at(-1)?.recv ?? null }
  }

  /** Trades of an interval did not come. */
  lose({ from_us, to_us }: WireTradeHole, nowUs: number): void {
    this.#trades.restart(to_us === null ? null : Math.max(to_us, nowUs))
    this.#tell('trade', [this.#hole(from_us, to_us)])
  }

  /** Tells every socket how the feed does. */
  heartbeat(feed: FeedWord, upstreamAgeMs: number | null): void {
    const beat = { type: 'heartbeat', feed, upstream_age_ms: upstreamAgeMs } as const
    const followers = new Set(this.#subscribers.hearing('book'))
    const others = this.#subscribers.all.filter((socket) => !followers.has(socket))
    this.#subscribers.send([...followers], [{ ...beat, books: this.#toldBooks }])
    this.#subscribers.send(others, [{ ...beat, books: {} }])
  }

  /** Tells one socket how the feed does. */
  beat(socket: WebSocket, feed: FeedWord): void {
    const session = this.#subscribers.session(socket)
    const follows = session !== null && hearsChannel(session, 'book')
    const books = follows ? this.#toldBooks : {}
    this.say(socket, { type: 'heartbeat', feed, upstream_age_ms: null, books })
  }

  /** What those who follow the book were told last, which may be ahead of a book that was evicted. */
  get #toldBooks(): Record<string, number> {
    const { told } = this.#subscribers
    return told === null ? {} : { [this.#market]: told }
  }

  /** A socket was opened. */
  welcome(socket: WebSocket, lease: StreamLease, standing: WireStatus | null): void {
    this.#subscribers.open(socket, lease, standing)
    const later = laterStanding(this.#status, standing)
    if (later !== null && later !== this.#status) this.#turn(later)
    const { plan, streams: limits } = lease
    this.say(socket, { type: 'welcome', plan, limits, server_us: Date.now() * 1000 })
  }

  /** Begins the subscriptions of a socket that wait, those of the book once there is one. */
  serve(socket: WebSocket): void {
    const session = this.#subscribers.session(socket)
    if (session === null) return
    // Who comes must not be told of a book that is behind what others were told.
    const following =
      this.#subscribers.hearing('book').length + this.#subscribers.hearing('bbo').length
    const { seq } = this.live
    const { told } = this.#subscribers
    const ready = seq !== null && (following === 0 || told === null || told <= seq)
    // What was kept over an eviction may be older than what a subscriber has been told before.
    const mayBeBehind = ({ have }: WaitingSub) => !this.whole && have !== null && have > (seq ?? 0)
    const isReady = (sub: WaitingSub) => !beginsWithBook(sub) || (ready && !mayBeBehind(sub))
    for (const waiting of session.waiting.filter(isReady)) this.#begin(socket, waiting)
    if (ready && following === 0) this.#subscribers.keepTold(seq)
    const after = this.#subscribers.session(socket)
    if (after !== null) this.#subscribers.keep(socket, served(after, isReady))
  }

  /** Sends an image to a socket that follows the book. */
  resync(socket: WebSocket): void {
    const session = this.#subscribers.session(socket)
    const { told } = this.#subscribers
    const behind = told !== null && told > (this.live.seq ?? -1)
    if (session === null || behind || !hearsChannel(session, 'book')) return
    this.#subscribers.send([socket], this.live.start('resync'))
    // An image that is asked for again counts as a record does.
    if (this.live.seq !== null) this.#subscribers.meter([socket], minuteOf(Date.now() * 1000))
  }

  say(socket: WebSocket, message: ServerMessage): void {
    this.#subscribers.send([socket], [message])
  }

  /** Sends what a new subscription begins with. */
  #begin(socket: WebSocket, { sub, channels, have, tradesFromUs }: WaitingSub): void {
    const session = this.#subscribers.session(socket)
    if (session === null) return
    const messages: ServerMessage[] = []
    if (channels.includes('book')) {
      // Who follows already has what it would resume from: nothing is sent twice.
      const follows = hearsChannel(session, 'book')
      const { ahead, messages: books } =
        have === null || follows
          ? { ahead: false, messages: have === null ? this.live.start('initial') : [] }
          : this.live.resume(have)
      if (ahead) {
        const message = `resume: this market has not come to seq ${have}`
        messages.push({ type: 'error', code: 'resume_ahead', message, market: this.#market })
      }
      messages.push(...books)
    }
    // So does one of a further subscription.
    const brings = messages.some(sub > 1 ? () => true : bringsRecord)
    if (channels.includes('bbo')) messages.push(...this.#bbo())
    if (channels.includes('status')) messages.push(...this.#standing())
    const sought = channels.includes('trade') && !hearsChannel(session, 'trade')
    const trades = sought && tradesFromUs !== null ? this.#missedTrades(tradesFromUs) : []
    this.#subscribers.send([socket], [...messages, ...trades, { type: 'ready', sub }])
    if (brings || trades.some(bringsRecord)) {
      this.#subscribers.meter([socket], minuteOf(Date.now() * 1000))
    }
  }

  /** Tells those who follow, and are not where our book was, what they lack of it. */
  #catchUp(): void {
    const { seq } = this.live
    const { told } = this.#subscribers
    if (seq === null || (told !== null && seq < told && this.#hasFollowers)) return
    const books =
      told === null ? this.live.start('resync') : this.live.resume(told, 'resync').messages
    this.#tell('book', books)
    if (seq !== told) this.#tell('bbo', this.#bbo())
    this.#subscribers.keepTold(seq)
  }

  get #hasFollowers(): boolean {
    return [...this.#subscribers.hearing('book'), ...this.#subscribers.hearing('bbo')].length > 0
  }

  /** The market stands so now; those who hear of that are told when it is news. */
  #turn(status: WireStatus): void {
    const before = this.#status
    this.#status = status
    this.live.marketStatus = status.market_status
    if (before !== null && sameStanding(before, status)) return
    this.#checkpoint.saveStatus(status, Date.now())
    this.#tell('status', this.#standing())
  }

  #trade(trades: readonly WireTrade[]): void {
    this.#trades.push(trades)
    this.#tell('trade', trades)
  }

  #missedTrades(fromUs: number): ServerMessage[] {
    const trades = this.#trades.from(fromUs)
    return trades === null ? [this.#hole(fromUs, Date.now() * 1000)] : [...trades]
  }

  #hole(from_us: number, to_us: number | null): ServerMessage {
    return { type: 'gap', channel: 'trade', market: this.#market, from_us, to_us }
  }

  #bbo(): ServerMessage[] {
    const { bbo } = this.live
    return bbo === null ? [] : [{ type: 'bbo', market: this.#market, ...printBbo(bbo) }]
  }

  #standing(): ServerMessage[] {
    return this.#status === null ? [] : [{ type: 'status', market: this.#market, ...this.#status }]
  }

  #tell(channel: 'book' | 'bbo' | 'trade' | 'status', messages: readonly ServerMessage[]): void {
    if (messages.length === 0) return
    const sockets = this.#subscribers.hearing(channel)
    this.#subscribers.send(sockets, messages)
    if (messages.some(bringsRecord)) {
      this.#subscribers.meter(sockets, minuteOf(Date.now() * 1000), channel)
    }
  }
}
