import { DurableObject } from 'cloudflare:workers'
import type { Holder } from '#core/fence'
import type { Ticker } from '#core/ticker'
import type { FeedBeat, FeedHello, FeedItem } from '#core/wire/feed'
import { type Env, settingsOf } from '../env.ts'
import { BookFeed, type Holding, PATIENCE_MS } from './book-feed.ts'
import { CollectorLink, type ShardStatus } from './collector-link.ts'
import { dismiss, feedState, readFeedMessage, setFeedState, tell } from './feed-socket.ts'
import { GATEWAY_TAG, GatewaySockets } from './gateway-sockets.ts'
import { GatewaysFeed } from './gateways-feed.ts'
import { judgeHello } from './greeting.ts'
import { MarketLanes } from './market-lanes.ts'
import { Peeks } from './peeks.ts'
import type { ReadOutcome, WatchOutcome } from './shard-answer.ts'
import { ShardLeases } from './shard-leases.ts'
import { ShardMemory } from './shard-memory.ts'
import { ShardSilence } from './shard-silence.ts'
import { GATEWAY_HEADER } from './stream-headers.ts'
import { marketStub } from './stubs.ts'
import { type BookWatch, Watchers } from './watchers.ts'

/** Ends the collector's socket of one shard: fences epochs, hands records on, keeps who is watched. */
export class FeedShard extends DurableObject<Env> {
  readonly #memory = new ShardMemory(this.ctx.storage.sql)
  readonly #collector = new CollectorLink(
    this.ctx.getWebSockets().find((socket) => feedState(socket) === 'accepted') ?? null,
  )
  readonly #sockets = new GatewaySockets(this.ctx.getWebSockets(GATEWAY_TAG))
  readonly #watchers = new Watchers(this.ctx.storage.sql, this.#sockets.paying, () => {
    const { FREE_WATCHES, FEED_SHARDS } = settingsOf(this.env)
    return Math.ceil(FREE_WATCHES / (FEED_SHARDS ?? 1))
  })
  readonly #lanes = new MarketLanes((market) => marketStub(this.env, market))
  readonly #books = new BookFeed(this.#lanes, this.#watchers, this.#collector)
  readonly #gateways = new GatewaysFeed(this.#sockets, this.#watchers, this.#collector, this.#books)
  readonly #peeks = new Peeks()
  readonly #leases = new ShardLeases(this.ctx.storage.sql, () => this.env)
  readonly #silence = new ShardSilence(
    this.ctx,
    this.env,
    this.#collector,
    { gateways: this.#gateways, books: this.#books },
    this.#watchers,
    this.#leases,
  )

  /** Takes the upgrade of a collector, whose token the Worker has checked, or of a Gateway of ours. */
  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    if (request.headers.has(GATEWAY_HEADER)) {
      this.ctx.acceptWebSocket(server, [GATEWAY_TAG])
      this.#gateways.open(server, request)
    } else {
      this.ctx.acceptWebSocket(server)
      setFeedState(server, 'new')
    }
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    if (this.#gateways.hear(socket, raw)) return
    const accepted = socket === this.#collector.socket
    const state = accepted ? 'accepted' : feedState(socket)
    if (state === 'replaced') return
    const message = readFeedMessage(raw)
    if (message === null) {
      dismiss(socket, 'mismatch', 'unreadable message')
      // It may have been a gap: nothing that is still on its way behind it counts.
      return this.webSocketClose(socket)
    }
    if ('hello' in message) {
      if (state !== 'new') return dismiss(socket, 'mismatch', 'a second hello')
      return this.#hello(socket, message.hello)
    }
    if (!accepted) {
      // A beat may come while the hello is being judged; records may not.
      return 'beat' in message ? undefined : dismiss(socket, 'mismatch', 'records before hello')
    }
    this.#collector.health.heard(Date.now())
    if ('beat' in message) return this.#beat(message.beat)
    if ('items' in message) return this.#batch(socket, message.n, message.items)
    this.#sockets.sayAll(message)
    if ('hole' in message) await this.#books.hole(message.hole)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    if (this.#gateways.closed(socket) || socket !== this.#collector.socket) return
    this.#collector.close()
    this.#lanes.outdateAll()
    this.#peeks.abandon()
    await this.#silence.begin()
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket)
  }

  override alarm(): Promise<void> {
    this.ctx.waitUntil(this.#leases.renewIfDue(Date.now()))
    return this.#silence.look()
  }

  /** Watches a market, for its subscribers or for a minute, and vouches for its book. */
  async watch(market: Ticker, watch: BookWatch, holding: Holding): Promise<WatchOutcome> {
    const isNew = !this.#watchers.isFollowed(market)
    if (!this.#watchers.watch(market, watch, Date.now())) return { kind: 'refused' }
    if (watch.listened) await this.#silence.waitOn()
    return { kind: 'watched', vouchedMs: await this.#books.vouch(market, holding, isNew) }
  }

  /** A read of a market that its object does not follow: an image, or a watch when it repeats one of the last minute. */
  async read(market: Ticker, watch: BookWatch, holding: Holding): Promise<ReadOutcome> {
    if (this.#peeks.repeats(market, Date.now()) || this.#watchers.tokenOf(market) !== null) {
      const outcome = await this.watch(market, watch, holding)
      if (outcome.kind === 'watched') return outcome
    }
    return { kind: 'peeked', ...(await this.#peeks.look(market, this.#collector, PATIENCE_MS)) }
  }

  /** A market's object holds leases of streams, which are renewed from now on. */
  leased(market: Ticker): Promise<void> {
    this.#leases.note(market)
    return this.#silence.waitOn()
  }

  /** What is known of the collector now. */
  status(): ShardStatus {
    const watched = this.#watchers.followed.length
    return this.#collector.status(this.#memory.highest?.epoch ?? null, watched)
  }

  async #hello(socket: WebSocket, hello: FeedHello): Promise<void> {
    setFeedState(socket, 'checking')
    const later = (goodbye: Promise<unknown>) => this.ctx.waitUntil(goodbye)
    const highest = () => this.#memory.highest
    const greeting = await judgeHello(hello, this.ctx.id.name, highest, this.env, later)
    if (greeting.kind === 'dismiss') return dismiss(socket, greeting.why, greeting.reason)
    // It may have gone while the lease was read, and must not displace one that is there.
    if (socket.readyState !== WebSocket.READY_STATE_OPEN) return
    await this.#accept(socket, greeting.holder)
  }

  async #accept(socket: WebSocket, holder: Holder): Promise<void> {
    const before = this.#collector.socket
    if (before !== null) {
      const again = holder.epoch === this.#memory.highest?.epoch
      setFeedState(before, 'replaced')
      dismiss(before, again ? 'replaced' : 'superseded', String(holder.epoch))
    }
    const fromMs = this.#collector.provenMs ?? this.#memory.provenMs
    this.#memory.accept(holder)
    setFeedState(socket, 'accepted')
    this.#collector.open(socket)
    this.#lanes.outdateAll()
    this.#peeks.abandon()
    const { followed } = this.#watchers
    if (followed.length === 0) tell(socket, { watch: [] })
    this.#books.begin(followed)
    this.#sockets.sayAll({ collector: 'new' })
    await this.#silence.listen()
    // Trades that the one before had heard and not sent on come to nobody.
    const now = Date.now() * 1000
    if (fromMs !== null) await this.#books.hole({ from_us: fromMs * 1000, to_us: now })
  }

  async #batch(socket: WebSocket, n: number, items: readonly FeedItem[]): Promise<void> {
    const { health } = this.#collector
    const fed = items.filter((item) => !this.#peeks.answer(item))
    this.#sockets.forward(fed, (market) => this.#watchers.gatewaysOf(market))
    health.unacknowledged += 1
    await this.#books.take(fed)
    health.unacknowledged -= 1
    tell(socket, { ack: n })
  }

  async #beat(beat: FeedBeat): Promise<void> {
    this.ctx.waitUntil(this.#leases.renewIfDue(Date.now()))
    if (this.#collector.beat(beat)) this.ctx.waitUntil(this.#silence.end())
    this.#gateways.beat()
    this.#books.beat(Date.now())
    this.ctx.waitUntil(this.#books.reassure())
    if (!this.#collector.heartbeatDue(settingsOf(this.env).FEED_HEARTBEAT_MS)) return
    this.#memory.prove(this.#collector.provenMs)
    // The platform gives an alarm up that fails again and again.
    if ((await this.ctx.storage.getAlarm()) === null) await this.#silence.listen()
    await this.#books.heartbeat(this.#watchers.listened)
  }
}
