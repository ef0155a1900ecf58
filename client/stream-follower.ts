import type { ServerMessage } from '#core/wire/stream'
import { FollowedBook } from './followed-book.ts'
import { Outbox } from './outbox.ts'
import { SeenTrades } from './seen-trades.ts'
import type { MarketEvent, StaleCause, StreamEvent } from './stream-event.ts'
import { type Selection, Subscriptions } from './subscriptions.ts'

/** A new start that does not come within so long (ms) is asked for again. */
const ASK_AGAIN_MS = 10_000
/** Errors that do not mean that a subscription itself cannot be: it is asked for again. */
const PASSING_ERRORS = new Set(['upstream_degraded', 'rate_limited'])
/** It waits so long (ms) at least. */
const SUBSCRIBE_AGAIN_MS = 2000

/**
 * What a stream's client knows and has to say, without sockets, clocks or timers: it hears messages, tells events, and fills
 * an outbox. All times are ms of one clock that never goes back.
 */
export class StreamFollower {
  readonly outbox = new Outbox()
  readonly #books = new Map<string, FollowedBook>()
  readonly #subscriptions: Subscriptions
  readonly #trades = new SeenTrades()
  /** Markets of which a new start was asked for, and when. */
  readonly #asked = new Map<string, number>()
  /** Subscriptions that could not be opened now, and when that was. */
  readonly #refused = new Map<number, number>()
  readonly #source = { broken: true }
  #connected = false
  /** That there is no connection was told. */
  #saidAway = false
  #feedDown = false
  #ready = false
  #healthy = false

  /** @param only the market of a single market's stream, else null */
  constructor(only: string | null) {
    this.#subscriptions = new Subscriptions(only)
  }

  /** The books that are followed, by market. */
  get books(): ReadonlyMap<string, FollowedBook> {
    return this.#books
  }

  /** Whether every book that is subscribed to is current. */
  get healthy(): boolean {
    return this.#healthy
  }

  /** Subscribes, on this connection and all later ones. @returns the subscription's id */
  subscribe(selection: Selection): number {
    const id = this.#subscriptions.add(selection)
    if (this.#connected) this.#sendSubscribe(id)
    return id
  }

  /** Ends a subscription; books that no other one may cover are forgotten. */
  unsubscribe(id: number): void {
    const sub = this.#remove(id)
    if (sub !== null && this.#connected) this.outbox.put({ op: 'unsubscribe', sub })
  }

  /** Asks for a new start of a market that is followed. */
  resync(market: string, nowMs: number): void {
    if (!this.#connected || !this.#books.has(market)) return
    this.#asked.set(market, nowMs)
    this.outbox.putResync(market)
  }

  /** A connection is open: everything is subscribed to, from where it stands. */
  connected(nowMs: number): void {
    this.#connected = true
    this.#saidAway = false
    this.#feedDown = false
    this.outbox.clear()
    // The first that comes is the new start; it may be wrong too.
    for (const { market, awaiting } of this.#books.values()) {
      if (awaiting) this.#asked.set(market, nowMs)
    }
    for (const id of this.#subscriptions.ids) this.#sendSubscribe(id)
  }

  /**
   * The connection is gone, or was not got. It is told once, however many attempts fail after it.
   * @param retryMs when the next attempt comes
   * @param message what was heard of it
   */
  disconnected(cause: StaleCause, retryMs: number | null, message = ''): StreamEvent[] {
    // Of an attempt that is the last one `stopped` tells.
    const known = this.#saidAway || (retryMs === null && !this.#connected)
    this.#saidAway = true
    this.#connected = false
    this.#ready = false
    this.#healthy = false
    this.#source.broken = true
    this.#subscriptions.disconnect(this.#trades.resumeUs)
    this.#asked.clear()
    this.#refused.clear()
    this.outbox.clear()
    for (const book of this.#books.values()) book.disconnect()
    return known ? [] : [{ type: 'stale', cause, retryMs, message }]
  }

  /** Takes a message. @returns what there is to tell, in order */
  hear(message: ServerMessage, nowMs: number): StreamEvent[] {
    const events = this.#tell(message, nowMs)
    const { ready } = this.#subscriptions
    // What was resumed and missed nothing is not spoken of. The last that was waited for may have been given up.
    if (ready && !this.#ready) for (const book of this.#books.values()) book.vouch()
    this.#ready = ready
    const whole = this.#connected && !this.#feedDown && ready
    if (whole === this.#healthy) return events
    this.#healthy = whole
    if (whole) events.push({ type: 'healthy' })
    else if (this.#feedDown) {
      const message = 'the exchange is not heard'
      events.push({ type: 'stale', cause: 'feed_down', retryMs: null, message })
    }
    return events
  }

  /** Asks again for what did not come; to be called every few seconds. */
  tick(nowMs: number): void {
    for (const [market, askedMs] of this.#asked) {
      const book = this.#books.get(market)
      if (book === undefined || !book.awaiting) this.#asked.delete(market)
      else if (nowMs - askedMs >= ASK_AGAIN_MS) this.resync(market, nowMs)
    }
    for (const [id, refusedMs] of this.#refused) {
      if (nowMs - refusedMs < SUBSCRIBE_AGAIN_MS) continue
      this.#refused.delete(id)
      this.#sendSubscribe(id)
    }
  }

  #sendSubscribe(id: number): void {
    const books = this.#books.values()
    const command = this.#subscriptions.command(id, books)
    if (command !== null) this.outbox.put(command)
  }

  #tell(message: ServerMessage, nowMs: number): StreamEvent[] {
    switch (message.type) {
      case 'welcome':
        this.#source.broken = false
        this.#trades.startAt(message.server_us)
        return [message]
      case 'snapshot':
      case 'deltas':
      case 'end':
        return this.#tellBook(message, nowMs)
      case 'gap': {
        if (!('channel' in message)) return this.#tellBook(message, nowMs)
        const { market = null, from_us, to_us } = message
        return [{ type: 'trade_gap', market, from_us, to_us }]
      }
      case 'trade':
        return this.#trades.isNew(message) ? [message] : []
      case 'status':
        this.#books.get(message.market)?.noteStatus(message.market_status)
        return [message]
      case 'bbo':
      case 'warning':
        return [message]
      case 'heartbeat':
        return [message, ...this.#tellHoles(message, nowMs)]
      case 'pong':
        return []
      case 'subscribed':
      case 'ready':
      case 'unsubscribed':
      case 'joined':
      case 'left':
        return this.#tellSubscription(message)
      case 'error':
        return [this.#tellError(message, nowMs)]
    }
  }

  #tellBook(message: Parameters<FollowedBook['take']>[0], nowMs: number): StreamEvent[] {
    const { market } = message
    const shown = this.#subscriptions.shown(market)
    // Of a subscription that has just been ended something may still come.
    if (shown === null) return []
    const book = this.#books.get(market) ?? this.#follow(market)
    return this.#told(book.take(message, shown), nowMs)
  }

  #told(event: MarketEvent | null, nowMs: number): StreamEvent[] {
    if (event === null) return []
    if (event.type === 'resync') this.resync(event.market, nowMs)
    return [event]
  }

  /** A heartbeat names the seqs that were told: one that we do not have was lost. */
  #tellHoles(
    { feed, books }: Extract<ServerMessage, { type: 'heartbeat' }>,
    nowMs: number,
  ): StreamEvent[] {
    this.#feedDown = feed === 'down'
    this.#source.broken = this.#feedDown
    return Object.entries(books).flatMap(([market, seq]) => {
      if (this.#subscriptions.shown(market) === null) return []
      const book = this.#books.get(market) ?? this.#follow(market)
      // Of one that is resumed nothing may have come yet.
      const told = book.current || this.#subscriptions.ready
      if (!told || (book.seq ?? -1) >= seq) return []
      return this.#told(book.doubt('hole'), nowMs)
    })
  }

  #follow(market: string): FollowedBook {
    const book = new FollowedBook(market, this.#source)
    this.#books.set(market, book)
    return book
  }

  #tellSubscription(
    message: Extract<
      ServerMessage,
      { type: 'subscribed' | 'ready' | 'unsubscribed' | 'joined' | 'left' }
    >,
  ): StreamEvent[] {
    const { sub } = message
    if (message.type === 'subscribed') {
      const { id, accepted, rejected } = message
      if (id === undefined) return []
      if (this.#subscriptions.opened(id, sub)) {
        for (const { market } of rejected) this.#lack(id, market)
        return [{ type: 'subscribed', id, accepted, rejected }]
      }
      this.outbox.put({ op: 'unsubscribe', sub })
      return []
    }
    if (message.type === 'ready') {
      const id = this.#subscriptions.readied(sub)
      return id === null ? [] : [{ type: 'ready', id }]
    }
    const id = this.#subscriptions.idOf(sub)
    if (id === null || message.type === 'unsubscribed') return []
    const { type, markets } = message
    for (const market of markets) {
      if (type === 'joined') this.#subscriptions.joined(id, market)
      else this.#lack(id, market)
    }
    return [{ type, id, markets }]
  }

  #tellError(
    { id, code, message, market }: Extract<ServerMessage, { type: 'error' }>,
    nowMs: number,
  ): StreamEvent {
    if (code === 'resume_ahead' && market !== undefined) this.#books.get(market)?.mayBeAhead()
    // It is not followed for want of room: nobody vouches for what we have of it.
    else if (code === 'too_many_markets' && market !== undefined) this.#forget(market)
    else if (id !== undefined && this.#subscriptions.isPending(id)) {
      if (PASSING_ERRORS.has(code)) this.#refused.set(id, nowMs)
      else this.#remove(id)
    }
    return { type: 'error', id: id ?? null, market: market ?? null, code, message }
  }

  /** A subscription is no more, nor are the books that no other one may cover. @returns its number, null when it had none */
  #remove(id: number): number | null {
    const sub = this.#subscriptions.remove(id)
    for (const market of this.#books.keys()) {
      if (this.#subscriptions.shown(market) === null) this.#forget(market)
    }
    return sub
  }

  /** A book that no subscription has is followed no more: nobody would vouch for it. */
  #lack(id: number, market: string): void {
    if (this.#subscriptions.without(id, market)) this.#forget(market)
  }

  #forget(market: string): void {
    this.#books.delete(market)
    this.#asked.delete(market)
    this.outbox.dropResync(market)
  }
}
