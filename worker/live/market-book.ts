import { DurableObject } from 'cloudflare:workers'
import type { FeedWord } from '#core/feed-health'
import type { LiveKnowledge } from '#core/live-answer'
import { LiveBook } from '#core/live-book'
import { planOf } from '#core/plan'
import { hearMarket, SUBS, served, subscribe, unsubscribe } from '#core/stream-session'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'
import type { ServerMessage } from '#core/wire/stream'
import type { MarketStreamCommand } from '#core/wire/stream-command'
import type { Env } from '../env.ts'
import type { ApplyOutcome } from './market-lanes.ts'
import { STREAM_HEADERS } from './stream-headers.ts'
import { Subscribers } from './subscribers.ts'
import { Vouching } from './vouching.ts'

/**
 * One market's live book and the hibernating sockets of those who follow it. It has no timers and
 * no storage: its memory is a cache, which its shard fills again.
 */
export class MarketBook extends DurableObject<Env> {
  readonly #market = this.ctx.id.name as Ticker
  readonly #subscribers = new Subscribers(this.ctx.getWebSockets())
  readonly #live = new LiveBook(this.#market, this.#subscribers.marketStatus)
  readonly #vouching = new Vouching(this.#market, this.env, () => ({
    seq: this.#live.seq,
    sockets: this.#subscribers.count,
  }))

  /** Takes an item from the shard and tells the subscribers, before anything else can happen. */
  apply(item: FeedItem): ApplyOutcome {
    const now = Date.now()
    const entries = readItem(item)
    if (entries === null) {
      this.#vouching.lose()
      return { kind: 'need', have: this.#live.seq }
    }
    const first = this.#live.seq === null
    const { messages, need } = this.#live.take(entries, item.sum ?? null, now * 1000)
    this.#subscribers.send(
      this.#subscribers.following,
      first ? this.#live.start('resync') : messages,
    )
    if (first) for (const socket of this.#subscribers.waiting) this.#serve(socket)
    if (need) {
      this.#vouching.lose()
      return { kind: 'need', have: this.#live.seq }
    }
    const last = entries.at(-1)
    // An image may be of a book that nothing was heard of for long: only what came vouches.
    if (last !== undefined) this.#vouching.upTo(last.recv / 1000)
    return { kind: 'taken' }
  }

  /** The state of the feed, for the subscribers. @returns how many sockets there are */
  heartbeat(feed: FeedWord, upstreamAgeMs: number | null): number {
    if (feed === 'down') this.#vouching.lose()
    this.#subscribers.send(this.#subscribers.all, [this.#beat(feed, upstreamAgeMs)])
    this.#vouching.told(this.#subscribers.count)
    return this.#subscribers.count
  }

  /** The book now; the shard is asked when nobody vouched for it in the last moments. */
  async book(): Promise<LiveKnowledge> {
    await this.#vouching.ask()
    const { state, stamp, proof } = this.#live
    if (state.kind === 'empty') return { kind: 'nothing' }
    if (this.#live.gap !== null) {
      const { seq, cause, from, recv, prevSeq } = this.#live.gap
      const gap = { seq, cause, from, to: null, noticed: recv, prevSeq }
      return { kind: 'unknown', seq: state.seq, gap }
    }
    if (state.kind === 'unknown' || state.book === null || stamp === null)
      return { kind: 'nothing' }
    return {
      kind: 'book',
      book: state.book.ladders(),
      seq: state.seq,
      closed: state.kind === 'closed',
      changed: stamp.recv,
      event: stamp.event,
      proof,
      live: this.#vouching.fresh,
      confirmed: this.#vouching.confirmed,
    }
  }

  /** Opens a subscriber's socket; the Worker has authenticated it and made this request anew. */
  override fetch(request: Request): Response {
    const plan = request.headers.get(STREAM_HEADERS.plan) ?? ''
    const marketStatus = request.headers.get(STREAM_HEADERS.marketStatus) ?? ''
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    this.#subscribers.open(server, plan, marketStatus)
    this.#live.marketStatus = marketStatus
    const limits = planOf(plan).streams
    this.#say(server, { type: 'welcome', plan, limits, server_us: Date.now() * 1000 })
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const before = this.#subscribers.session(socket)
    if (before === null) return
    const { session, heard } = hearMarket(before, raw, this.#market, Date.now())
    this.#subscribers.keep(socket, session)
    switch (heard.kind) {
      case 'close':
        return this.#subscribers.close(socket, heard.code, heard.reason)
      case 'error': {
        const id = heard.id === undefined ? {} : { id: heard.id }
        return this.#say(socket, { type: 'error', ...id, ...heard.fault })
      }
      case 'message':
        return this.#obey(socket, heard.message)
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#subscribers.close(socket, code === 1005 || code === 1006 ? 1000 : code, '')
  }

  override webSocketError(socket: WebSocket): void {
    this.#subscribers.close(socket, 1011, '')
  }

  async #obey(socket: WebSocket, message: MarketStreamCommand): Promise<void> {
    const session = this.#subscribers.session(socket)
    if (session === null) return
    switch (message.op) {
      case 'ping':
        return this.#say(socket, { type: 'pong' })
      case 'unsubscribe': {
        const { sub } = message
        const after = unsubscribe(session, sub)
        if (after === null) {
          const text = `sub: there is no subscription ${sub}`
          return this.#say(socket, { type: 'error', code: 'invalid_param', message: text })
        }
        this.#subscribers.keep(socket, after)
        return this.#say(socket, { type: 'unsubscribed', sub })
      }
      case 'resync':
        if (session.subs.length === 0) return
        this.#subscribers.send([socket], this.#live.start('resync'))
        return this.#vouching.ask()
      case 'subscribe': {
        const after = subscribe(session, message.resume?.[this.#market] ?? null, message.channels)
        const id = message.id === undefined ? {} : { id: message.id }
        if (after === null) {
          const text = `a socket may have ${SUBS} subscriptions`
          return this.#say(socket, { type: 'error', ...id, code: 'invalid_param', message: text })
        }
        this.#subscribers.keep(socket, after)
        const sub = after.last
        this.#say(socket, { type: 'subscribed', ...id, sub, accepted: 1, rejected: [] })
        await this.#vouching.ask()
        // Nobody vouches now: said before the book that may be old, or in place of one.
        const word = this.#vouching.confirmed === null ? 'down' : 'degraded'
        if (!this.#vouching.fresh) this.#say(socket, this.#beat(word, null))
        this.#serve(socket)
      }
    }
  }

  /** Sends the first book to the subscriptions of a socket that wait for it, if there is one. */
  #serve(socket: WebSocket): void {
    const session = this.#subscribers.session(socket)
    if (session === null || this.#live.seq === null) return
    const follows = session.subs.length > 0
    for (const { sub, have } of session.waiting) {
      // Who follows already has what it would resume from: nothing is sent twice.
      const { ahead, messages } =
        have === null || follows
          ? { ahead: false, messages: have === null ? this.#live.start('initial') : [] }
          : this.#live.resume(have)
      if (ahead) {
        const message = `resume: this market has not come to seq ${have}`
        this.#say(socket, { type: 'error', code: 'resume_ahead', message })
      }
      this.#subscribers.send([socket], [...messages, { type: 'ready', sub }])
    }
    this.#subscribers.keep(socket, served(session))
  }

  #beat(feed: FeedWord, upstreamAgeMs: number | null): ServerMessage {
    const { seq } = this.#live
    const books = seq === null ? {} : { [this.#market]: seq }
    return { type: 'heartbeat', feed, upstream_age_ms: upstreamAgeMs, books }
  }

  #say(socket: WebSocket, message: ServerMessage): void {
    this.#subscribers.send([socket], [message])
  }
}
