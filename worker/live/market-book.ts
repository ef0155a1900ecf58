import { DurableObject } from 'cloudflare:workers'
import type { FeedWord } from '#core/feed-health'
import type { LiveKnowledge } from '#core/live-answer'
import { hearMarket, SUBS, subscribe, unsubscribe } from '#core/stream-session'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import type { MarketStreamCommand } from '#core/wire/stream-command'
import type { Env } from '../env.ts'
import { knowledgeOf } from './live-knowledge.ts'
import { MarketCheckpoint } from './market-checkpoint.ts'
import type { ApplyOutcome, Feeding, HeartbeatOutcome } from './market-lanes.ts'
import { type HeldLease, type LeaseOrder, MarketLeases } from './market-leases.ts'
import { MarketStream } from './market-stream.ts'
import { readStanding } from './standing.ts'
import { STREAM_HEADERS } from './stream-headers.ts'
import { readLease } from './stream-lease.ts'
import { Subscribers } from './subscribers.ts'
import { Vouching } from './vouching.ts'

type Subscribe = Extract<MarketStreamCommand, { op: 'subscribe' }>

/**
 * One market's live book and the hibernating sockets of those who follow it. It has no timers and opens no sockets: its
 * memory is a cache, of which a checkpoint is kept and which its shard fills again.
 */
export class MarketBook extends DurableObject<Env> {
  readonly #market = this.ctx.id.name as Ticker
  readonly #checkpoint = new MarketCheckpoint(this.ctx.storage)
  readonly #leases = new MarketLeases(this.#market, this.env)
  readonly #subscribers = new Subscribers(this.ctx.getWebSockets(), this.#leases)
  readonly #stream = new MarketStream(this.#market, this.#subscribers, this.#checkpoint)
  readonly #vouching = new Vouching(
    this.#market,
    this.env,
    () => ({
      seq: this.#stream.live.seq,
      whole: this.#stream.whole,
      sockets: this.#subscribers.count,
      paid: this.#subscribers.paid,
    }),
    () => this.#stream.stop(),
  )

  /** Takes an item from the shard and tells the subscribers, before anything else can happen. */
  apply(item: FeedItem, { token, hole }: Feeding): ApplyOutcome {
    const idle = this.#idle(token)
    if (idle !== null) return idle
    const now = Date.now()
    if (hole !== null) this.#stream.lose(hole, now * 1000)
    const heard = this.#stream.take(item, now * 1000)
    if (heard.kind === 'need') {
      this.#vouching.lose()
      return { kind: 'need', have: this.#stream.live.seq }
    }
    // An image may be of a book that nothing was heard of for long: only what came vouches.
    if (heard.recv !== null) this.#vouching.upTo(heard.recv / 1000, token)
    this.#checkpoint.save(this.#stream.live, now)
    return { kind: 'taken' }
  }

  /** The state of the feed, for the subscribers; tells whether there are any. */
  heartbeat(
    feed: FeedWord,
    upstreamAgeMs: number | null,
    { token, hole }: Feeding,
  ): HeartbeatOutcome {
    if (feed === 'down') this.#vouching.lose()
    if (hole !== null) this.#stream.lose(hole, Date.now() * 1000)
    this.#stream.heartbeat(feed, upstreamAgeMs)
    const idle = this.#idle(token)
    if (idle !== null) return idle
    if (this.#subscribers.count > 0) return { kind: 'listened' }
    this.#vouching.unlistened()
    return { kind: 'unlistened', token }
  }

  /**
   * The book now. Nobody's book is looked at once; from the second read within a minute on it is followed for a minute.
   * @param paid whether it is read for an account that pays
   */
  async book(paid: boolean): Promise<LiveKnowledge> {
    const seen = await this.#vouching.read(paid)
    return seen ?? knowledgeOf(this.#stream.live, this.#vouching.vouchedMs, Date.now())
  }

  /** The leases of the subscribers, for the shard, which renews them. */
  held(): readonly HeldLease[] {
    return this.#leases.held(this.#subscribers.leases)
  }

  /** Heeds the words of the subscribers' accounts. */
  heed(orders: readonly LeaseOrder[]): void {
    this.#subscribers.heed(orders)
  }

  /** Opens a subscriber's socket; the Worker has authenticated it and made this request anew. */
  override fetch(request: Request): Response {
    const lease = readLease(request)
    const standing = readStanding(request.headers.get(STREAM_HEADERS.standing))
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    this.#stream.welcome(server, lease, standing)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const before = this.#subscribers.session(socket)
    if (before === null) return
    this.#leases.tell()
    const { session, heard } = hearMarket(before, raw, this.#market, Date.now())
    this.#subscribers.keep(socket, session)
    switch (heard.kind) {
      case 'close':
        return this.#subscribers.close(socket, heard.code, heard.reason)
      case 'error': {
        const id = heard.id === undefined ? {} : { id: heard.id }
        return this.#stream.say(socket, { type: 'error', ...id, ...heard.fault })
      }
      case 'message':
        return this.#obey(socket, heard.message)
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#subscribers.close(socket, code === 1005 || code === 1006 ? 1000 : code, '')
  }

  /** Looks whether what is kept of the book is still wanted. */
  override alarm(): Promise<void> {
    return this.#checkpoint.expire(Date.now())
  }

  override webSocketError(socket: WebSocket): void {
    this.#subscribers.close(socket, 1011, '')
  }

  async #obey(socket: WebSocket, message: MarketStreamCommand): Promise<void> {
    switch (message.op) {
      case 'ping':
        return this.#stream.say(socket, { type: 'pong' })
      case 'unsubscribe':
        this.#unsubscribe(socket, message.sub)
        return
      case 'resync':
        this.#stream.resync(socket)
        await this.#vouching.follow()
        return
      case 'subscribe':
        return this.#subscribe(socket, message)
    }
  }

  #unsubscribe(socket: WebSocket, sub: number): void {
    const session = this.#subscribers.session(socket)
    const after = session && unsubscribe(session, sub)
    if (after === null) {
      const message = `sub: there is no subscription ${sub}`
      this.#stream.say(socket, { type: 'error', code: 'invalid_param', message })
      return
    }
    this.#subscribers.keep(socket, after)
    this.#stream.say(socket, { type: 'unsubscribed', sub })
  }

  async #subscribe(socket: WebSocket, { channels, ...asked }: Subscribe): Promise<void> {
    const id = asked.id === undefined ? {} : { id: asked.id }
    const session = this.#subscribers.session(socket)
    // Who pays nothing may have to go without, and hears so in place of anything else.
    const free = session?.plan === 'free'
    if (free && !(await this.#vouching.follow())) {
      const message = 'free accounts follow as many markets as they may together: try again later'
      this.#stream.say(socket, { type: 'error', ...id, code: 'too_many_markets', message })
      return
    }
    const now = this.#subscribers.session(socket)
    if (now === null) return
    const have = asked.resume?.[this.#market] ?? null
    const after = subscribe(now, have, channels, asked.resume_trades_us ?? null)
    if (after === null) {
      const message = `a socket may have ${SUBS} subscriptions`
      this.#stream.say(socket, { type: 'error', ...id, code: 'invalid_param', message })
      return
    }
    this.#subscribers.keep(socket, after)
    const opened = { sub: after.last, accepted: 1, rejected: [] }
    this.#stream.say(socket, { type: 'subscribed', ...id, ...opened })
    await this.#vouching.follow()
    // Nobody vouches now: said before the book that may be old, or in place of one.
    const word = this.#vouching.vouchedMs === null ? 'down' : 'degraded'
    if (!this.#vouching.fresh) this.#stream.beat(socket, word)
    this.#stream.serve(socket)
  }

  /** Tells a shard that knows this token that its items are wanted no more, if so. */
  #idle(token: number): (ApplyOutcome & { kind: 'idle' }) | null {
    const idle = this.#vouching.idle(token)
    if (idle !== null) this.#stream.stop()
    return idle
  }
}
