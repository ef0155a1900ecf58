import type { LeaseWord } from '#core/admission'
import { HeartbeatBooks } from '#core/heartbeat-books'
import { Outgoing, UNSENT } from '#core/outgoing'
import { SILENT, type StreamFault } from '#core/stream-hearing'
import { Subscriptions } from '#core/subscriptions'
import { ToldTrades } from '#core/told-trades'
import type { ServerMessage } from '#core/wire/stream'
import { STREAM_CLOSE } from '#core/wire/stream'
import type { WireTrade } from '#core/wire/trade'
import type { WireTradeHole } from '#core/wire/trade-hole'
import { type Beginning, Beginnings } from './gateway-beginnings.ts'
import type { Kept } from './gateway-kept.ts'
import type { Recovery } from './gateway-recovery.ts'
import type { Seat } from './gateway-seat.ts'
import { Tenure } from './gateway-tenure.ts'
import { UntoldTrades } from './gateway-untold-trades.ts'
import type { FeedState } from './gateway-upstream.ts'

/** A book that does not come within this is not waited for, ms. */
const BOOK_MS = 3000
/** What is owed is looked at so often, ms. */
const PUMP_MS = 5

/** One customer's socket: what it subscribes to, and what it is sent. */
export class Connection {
  readonly subscriptions: Subscriptions
  readonly tenure: Tenure
  readonly seats = new Map<string, Seat>()
  readonly books = new HeartbeatBooks()
  /** Seats on the markets of each shard. */
  readonly shards = new Map<number, number>()
  readonly #socket: WebSocket
  readonly #recovery: Recovery
  readonly #gone: () => void
  readonly #outgoing = new Outgoing(Date.now())
  readonly #trades = new ToldTrades()
  /** What is owed and can be told, in order. */
  readonly #queue = new Set<Seat>()
  readonly #beginnings = new Beginnings()
  /** Commands, one after the other. */
  #turn: Promise<void> = Promise.resolve()
  readonly #untold = new UntoldTrades()
  #lastHole = ''
  #timer: ReturnType<typeof setTimeout> | null = null
  /** Bytes paid since the timer ran. */
  #paid = 0
  #word: FeedState['feed'] = 'degraded'
  #isOpen = true
  /** Commands that are not done yet. */
  waiting = 0
  hearing = SILENT

  /** @param gone called when the socket was closed, by either side */
  constructor(socket: WebSocket, kept: Kept, recovery: Recovery, gone: () => void) {
    this.#socket = socket
    this.tenure = new Tenure(socket, kept)
    this.#recovery = recovery
    this.#gone = gone
    this.subscriptions = new Subscriptions(kept.lease.streams.markets)
  }

  /** By which its account and the memory of its object know it. */
  get name(): string {
    return this.tenure.kept.lease.lease
  }

  get isOpen(): boolean {
    return this.#isOpen
  }
  get word(): FeedState['feed'] {
    return this.#word
  }
  /** Whether more of what is owed may be told now. */
  get hasRoom(): boolean {
    return this.#paid < UNSENT.pace && this.#unsent < UNSENT.pace
  }
  get #unsent(): number {
    // Runtimes before 2026-11-17 do not tell.
    return (this.#socket as Partial<WebSocket>).bufferedAmount ?? 0
  }

  /** Its account lets it go on, by its plan of now. @returns whether that is another one */
  renew(word: Extract<LeaseWord, { ok: true }>, nowMs: number): boolean {
    const { markets } = word.streams
    this.subscriptions.most = markets
    if (this.subscriptions.size > markets) {
      this.close(STREAM_CLOSE.planForbids, `this plan follows ${markets} markets`)
    }
    return this.tenure.renew(word, nowMs)
  }

  /** Says something that is never left out. */
  say(message: ServerMessage): void {
    this.put(JSON.stringify(message))
  }

  /** Answers what could not be done. @param id of what it answers */
  fault(id: number | undefined, fault: StreamFault): void {
    this.say({ type: 'error', ...(id === undefined ? {} : { id }), ...fault })
  }

  /** Does something after all that was begun before. */
  inTurn(work: () => Promise<void>): Promise<void> {
    this.waiting += 1
    const turn = this.#turn.then(work).finally(() => {
      this.waiting -= 1
    })
    // Nobody would be answered any more: who comes again begins anew.
    this.#turn = turn.catch(() => this.close(1011, 'internal error'))
    return turn
  }

  /** Sends what is due, whatever is unsent. */
  put(text: string): void {
    if (!this.#isOpen) return
    if (this.#unsent > UNSENT.most) this.#giveUp()
    else this.#write(text)
  }

  /** Sends what comes live unless the reader is slow. @returns whether it was sent */
  offer(text: string): boolean {
    if (!this.#isOpen || this.#judge() !== 'send') return false
    this.#write(text)
    return true
  }

  /** Whether it was told of a trade. */
  knows(trade: WireTrade): boolean {
    return this.#trades.has(trade)
  }

  /** A trade is to be told, once; a slow reader is told later that it missed some. @returns whether it was told now */
  takeTrade(text: string, trade: WireTrade): boolean {
    if (this.#trades.has(trade)) return false
    if (this.#isOpen && this.#judge() === 'send') {
      this.#tellUntold()
      this.#write(text)
      this.#trades.note(trade)
      return true
    }
    this.#untold.note(trade)
    this.#pumpLater()
    return false
  }

  /** Whether it follows trades of a shard's markets. */
  hearsTradesOf(shard: number): boolean {
    return this.shards.has(shard) && this.subscriptions.hears('trade')
  }

  /** Trades of all markets may be missing for an interval; many shards may say the same. */
  tellHole({ from_us, to_us }: WireTradeHole): void {
    const text = JSON.stringify({ type: 'gap', channel: 'trade', from_us, to_us })
    if (text === this.#lastHole) return
    this.#lastHole = text
    this.put(text)
  }

  /** A seat is owed something: it is told as soon as there is a book and room. */
  enqueue(seat: Seat): void {
    if (!this.#isOpen || !seat.isOwed || seat.market.live.seq === null) return
    this.#queue.add(seat)
    if (this.#timer === null) this.#pump()
  }

  /** Looks for records that a seat missed, in the store. */
  seek(seat: Seat, have: number, until: number): void {
    void this.#recovery.seek(seat, have, until)
  }

  /** A subscription is ready when so many seats were told what they are owed. */
  awaitSeats(sub: number, seats: number, beginning: Beginning): void {
    this.#beginnings.open(sub, seats, beginning)
    this.settle(sub)
  }

  /** A book that does not come although the feed does is waited for no longer. @param reaches whether a market's shard is fed */
  excuse(reaches: (market: string) => boolean): void {
    if (!this.#beginnings.areLate(Date.now() - BOOK_MS)) return
    for (const seat of this.seats.values()) {
      const { live, ticker } = seat.market
      if (seat.isAwaited && live.seq === null && reaches(ticker)) seat.excuse()
    }
  }

  /** One of the seats that a subscription waits for was told. */
  settle(sub: number): void {
    if (!this.#isOpen) return
    const beginning = this.#beginnings.settle(sub)
    if (beginning === null || !this.subscriptions.numbers.includes(sub)) return
    const { tradesFromUs } = beginning
    const begun = () => this.#begun(sub, beginning)
    if (tradesFromUs === null) begun()
    // By now the collector sends the trades of its markets: those before are looked for.
    else void this.#recovery.tellTrades(this, sub, tradesFromUs).then(begun)
  }

  /** Follows a market from now on. */
  add(seat: Seat): void {
    const { ticker, shard } = seat.market
    this.seats.set(ticker, seat)
    this.shards.set(shard, (this.shards.get(shard) ?? 0) + 1)
  }

  /** A seat is given up. */
  remove(seat: Seat): void {
    const { shard } = seat.market
    const left = (this.shards.get(shard) ?? 1) - 1
    if (left > 0) this.shards.set(shard, left)
    else this.shards.delete(shard)
    this.#queue.delete(seat)
    this.seats.delete(seat.market.ticker)
    seat.market.leave(seat)
    seat.end()
  }

  /** Tells how the feed does, and how far some books were told. */
  beat(state: FeedState): void {
    this.#word = state.feed
    this.say({ type: 'heartbeat', ...state, books: this.books.next() })
  }

  /** Closes the socket; nothing is sent from now on. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.mute()
    try {
      this.#socket.close(code, reason)
    } catch {
      // Closed meanwhile.
    }
    this.#gone()
  }

  /** Sends nothing from now on; the socket stays open. */
  mute(): void {
    this.#isOpen = false
    clearTimeout(this.#timer ?? undefined)
    this.#timer = null
    this.#queue.clear()
  }

  /** Who is told that a subscription is ready need not ask again for anything of before. */
  #begun(sub: number, { done }: Beginning): void {
    if (!this.#isOpen || !this.subscriptions.numbers.includes(sub)) return
    this.#tellUntold()
    this.say({ type: 'ready', sub })
    done()
  }

  /** Which trades a slow reader was not told is told before any later one. */
  #tellUntold(): void {
    const untold = this.#untold.take()
    if (untold !== null) this.say(untold)
  }

  #write(text: string): void {
    this.#paid += text.length
    try {
      this.#socket.send(text)
    } catch {
      this.close(1011, '')
    }
  }

  #judge(): 'send' | 'owe' | 'close' {
    const verdict = this.#outgoing.judge(this.#unsent, Date.now())
    if (verdict === 'close') this.#giveUp()
    const lag = this.#outgoing.takeWarning()
    if (lag !== null) this.say({ type: 'warning', code: 'slow_consumer', lag_ms: lag })
    return verdict
  }

  #giveUp(): void {
    this.close(STREAM_CLOSE.slowConsumer, 'slow consumer')
  }

  /** Tells what is owed, as far as there is room. */
  #pump(): void {
    if (!this.#isOpen) return
    if (this.#judge() === 'send') {
      this.#tellUntold()
      for (const seat of this.#queue) {
        if (!this.hasRoom) break
        this.#queue.delete(seat)
        if (seat.market.live.seq !== null) seat.pay(Date.now() * 1000)
      }
    }
    if (this.#queue.size > 0 || !this.#untold.isEmpty) this.#pumpLater()
  }

  #pumpLater(): void {
    if (!this.#isOpen) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#paid = 0
      this.#pump()
    }, PUMP_MS)
  }
}
