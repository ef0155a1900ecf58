import { DurableObject } from 'cloudflare:workers'
import { isFresh } from '#core/feed-health'
import type { Holder } from '#core/fence'
import type { Ticker } from '#core/ticker'
import type { FeedBeat, FeedHello, FeedItem } from '#core/wire/feed'
import { type Env, settingsOf } from '../env.ts'
import { CollectorLink, type ShardStatus } from './collector-link.ts'
import { dismiss, feedState, readFeedMessage, setFeedState, tell } from './feed-socket.ts'
import { judgeHello } from './greeting.ts'
import { MarketLanes } from './market-lanes.ts'
import { ShardMemory } from './shard-memory.ts'
import { marketStub } from './stubs.ts'

/** How long a question about a market waits for its book, and then for a beat, ms. */
const PATIENCE_MS = 1000

/** Ends the collector's socket of one shard: fences epochs, hands records on, keeps who is watched. */
export class FeedShard extends DurableObject<Env> {
  readonly #memory = new ShardMemory(this.ctx.storage.sql)
  readonly #lanes = new MarketLanes((market) => marketStub(this.env, market))
  readonly #collector = new CollectorLink(
    this.ctx.getWebSockets().find((socket) => feedState(socket) === 'accepted') ?? null,
  )

  /** Subscribers hear so often how the feed does, ms. */
  get #heartbeatMs(): number {
    return settingsOf(this.env).FEED_HEARTBEAT_MS
  }

  /** Takes a collector's upgrade; the Worker has checked its token. */
  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    setFeedState(server, 'new')
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
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
    if ('beat' in message) await this.#beat(socket, message.beat)
    else if ('items' in message) await this.#batch(socket, message.n, message.items)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    if (socket !== this.#collector.socket) return
    this.#collector.socket = null
    this.#lanes.outdateAll()
    await this.#beginSilence()
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket)
  }

  /** The collector is silent when nothing was heard for FEED_SILENT_MS; this alarm looks. */
  override async alarm(): Promise<void> {
    const due = this.#collector.health.heardMs + settingsOf(this.env).FEED_SILENT_MS
    if (this.#collector.socket !== null && Date.now() < due) {
      return this.ctx.storage.setAlarm(due)
    }
    await this.#beginSilence()
  }

  /**
   * Watches a market for as long as this object remembers it, and vouches for its book.
   * @param have the seq that the market's object has, null for none
   * @param listened whether it has subscribers
   * @returns up to when its book is vouched for (ms), null without collector or book in time
   */
  async watch(market: Ticker, have: number | null, listened: boolean): Promise<number | null> {
    const isNew = this.#memory.watch(market, listened)
    const { socket } = this.#collector
    if (listened && this.#collector.silent && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + this.#heartbeatMs)
    }
    if (socket === null) return null
    if (have === null) this.#lanes.outdate(market)
    if (!this.#lanes.isCurrent(market) && this.#lanes.mayAsk(market, Date.now(), PATIENCE_MS)) {
      tell(socket, isNew ? { watch: [market] } : { need: [{ m: market, have }] })
    }
    if (!(await this.#lanes.settle(market, PATIENCE_MS))) return null
    if (!isFresh(this.#collector.health.vouchedMs, Date.now())) {
      await this.#collector.nextBeat(PATIENCE_MS)
    }
    // What is vouched for by now has been sent on: it is settled before it is said.
    const { vouchedMs } = this.#collector.health
    return (await this.#lanes.settle(market, PATIENCE_MS)) ? vouchedMs : null
  }

  /** What is known of the collector now. */
  status(): ShardStatus {
    return this.#collector.status(this.#memory.highest?.epoch ?? null, this.#memory.watched.length)
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
    this.#memory.accept(holder)
    setFeedState(socket, 'accepted')
    this.#collector.open(socket)
    this.#lanes.outdateAll()
    const { watched } = this.#memory
    for (const market of watched) this.#lanes.mayAsk(market, Date.now(), 0)
    tell(socket, { watch: watched })
    await this.ctx.storage.setAlarm(Date.now() + settingsOf(this.env).FEED_SILENT_MS)
  }

  async #batch(socket: WebSocket, n: number, items: readonly FeedItem[]): Promise<void> {
    const { health } = this.#collector
    health.unacknowledged += 1
    const needs = await Promise.all(items.map((item) => this.#lanes.forward(item)))
    health.unacknowledged -= 1
    if (socket !== this.#collector.socket) return
    tell(socket, { ack: n })
    const now = Date.now()
    const need = needs
      .filter((each) => each !== null)
      .filter(({ m }) => this.#lanes.mayAsk(m, now, PATIENCE_MS))
    if (need.length > 0) tell(socket, { need })
  }

  async #beat(socket: WebSocket, beat: FeedBeat): Promise<void> {
    if (this.#collector.beat(beat)) this.ctx.waitUntil(this.#endSilence())
    const now = Date.now()
    // Whoever was not given its book by now is asked for again.
    const late = this.#memory.watched.filter(
      (market) => !this.#lanes.isCurrent(market) && this.#lanes.mayAsk(market, now, PATIENCE_MS),
    )
    if (late.length > 0) tell(socket, { need: late.map((m) => ({ m, have: null })) })
    if (this.#collector.heartbeatDue(this.#heartbeatMs)) {
      await this.#heartbeat(this.#memory.listened)
    }
  }

  /** Every watched book is told once that nobody vouches for it; then its subscribers, now and then. */
  async #beginSilence(): Promise<void> {
    const told = this.#collector.fallSilent() ? this.#memory.watched : this.#memory.listened
    // Before the telling: a collector that comes meanwhile sets the alarm to its own ends.
    if (this.#memory.listened.length > 0) {
      await this.ctx.storage.setAlarm(Date.now() + this.#heartbeatMs)
    }
    await this.#heartbeat(told)
  }

  async #endSilence(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + settingsOf(this.env).FEED_SILENT_MS)
    await this.#heartbeat(this.#memory.listened)
  }

  async #heartbeat(markets: readonly Ticker[]): Promise<void> {
    const feed = this.#collector.word()
    const age = this.#collector.health.last?.upstream_age_ms ?? null
    await Promise.allSettled(
      markets.map(async (market) => {
        const subscribers = await this.#lanes.call(market, (stub) => stub.heartbeat(feed, age))
        if (subscribers === 0) this.#memory.watch(market, false)
      }),
    )
  }
}
