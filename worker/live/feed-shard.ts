import { DurableObject } from 'cloudflare:workers'
import { FeedHealth, type FeedWord, isFresh } from '#core/feed-health'
import { fence, type Holder } from '#core/fence'
import type { Epoch } from '#core/log'
import { shardName } from '#core/shard'
import type { Ticker } from '#core/ticker'
import type { FeedBeat, FeedHello, FeedItem } from '#core/wire/feed'
import { withDatabase } from '../database.ts'
import { type Env, settingsOf } from '../env.ts'
import { leaseEpoch } from '../store/status.ts'
import { dismiss, feedState, readFeedMessage, setFeedState, tell } from './feed-socket.ts'
import { MarketLanes } from './market-lanes.ts'
import { ShardMemory } from './shard-memory.ts'
import { marketStub } from './stubs.ts'

/** How long a question about a market waits for its book, and then for a beat, ms. */
const PATIENCE_MS = 1000
/** Subscribers are beaten every so many beats of the collector, one a second, or every so many ms. */
const BEATS_PER_HEARTBEAT = 30
const HEARTBEAT_MS = 30_000

/** What `/v1/status` says of a shard: the collector's last beat with its age in ms. */
export type ShardStatus = {
  readonly feed: FeedWord
  readonly epoch: Epoch | null
  readonly watched: number
  readonly beat: (FeedBeat & { readonly age_ms: number }) | null
}

/** Ends the collector's socket of one shard: fences epochs, hands records on, keeps who is watched. */
export class FeedShard extends DurableObject<Env> {
  readonly #memory: ShardMemory
  readonly #lanes: MarketLanes
  readonly #beatWaiters = new Set<() => void>()
  /** The accepted collector's socket, and what is known of its sender. */
  #socket: WebSocket | null
  #health = new FeedHealth(Date.now())
  #silent = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#memory = new ShardMemory(ctx.storage.sql)
    this.#lanes = new MarketLanes((market) => marketStub(env, market))
    this.#socket = ctx.getWebSockets().find((socket) => feedState(socket) === 'accepted') ?? null
  }

  /** Takes a collector's upgrade; the Worker has checked its token. */
  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    setFeedState(server, 'new')
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const state = feedState(socket)
    if (state === 'replaced') return
    const message = readFeedMessage(raw)
    if (message === null) return dismiss(socket, 'mismatch', 'unreadable message')
    if ('hello' in message) {
      if (state !== 'new') return dismiss(socket, 'mismatch', 'a second hello')
      return this.#hello(socket, message.hello)
    }
    if (socket !== this.#socket) {
      // A beat may come while the hello is being checked; records may not.
      return 'beat' in message ? undefined : dismiss(socket, 'mismatch', 'records before hello')
    }
    this.#heard()
    if ('beat' in message) await this.#beat(socket, message.beat)
    else await this.#batch(socket, message.n, message.items)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    if (socket !== this.#socket) return
    this.#socket = null
    this.#lanes.outdateAll()
    await this.#fallSilent()
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket)
  }

  /** The collector is looked after here: it is silent when nothing was heard for FEED_SILENT_MS. */
  override async alarm(): Promise<void> {
    const due = this.#health.heardMs + settingsOf(this.env).FEED_SILENT_MS
    if (this.#socket !== null && Date.now() < due) return this.ctx.storage.setAlarm(due)
    await this.#fallSilent()
  }

  /**
   * Watches a market for as long as this object remembers it, and vouches for its book.
   * @param have the seq that the market's object has, null for none
   * @param listened whether it has subscribers
   * @returns up to when its book is vouched for (ms), null without collector or book in time
   */
  async watch(market: Ticker, have: number | null, listened: boolean): Promise<number | null> {
    const isNew = this.#memory.watch(market, listened)
    if (this.#socket === null) return null
    if (have === null) this.#lanes.outdate(market)
    if (!this.#lanes.isCurrent(market) && this.#lanes.mayAsk(market, Date.now(), PATIENCE_MS)) {
      tell(this.#socket, isNew ? { watch: [market] } : { need: [{ m: market, have }] })
    }
    if (!(await this.#lanes.settle(market, PATIENCE_MS))) return null
    if (!isFresh(this.#health.vouchedMs, Date.now())) await this.#nextBeat()
    return (await this.#lanes.settle(market, PATIENCE_MS)) ? this.#health.vouchedMs : null
  }

  /** What is known of the collector now. */
  status(): ShardStatus {
    const { last, heardMs } = this.#health
    return {
      feed: this.#word(),
      epoch: this.#memory.highest?.epoch ?? null,
      watched: this.#memory.watched.length,
      beat: last && { ...last, age_ms: Date.now() - heardMs },
    }
  }

  async #hello(socket: WebSocket, hello: FeedHello): Promise<void> {
    const { FEED_ENV } = settingsOf(this.env)
    if (hello.env !== FEED_ENV || shardName(hello.shard, hello.shards) !== this.ctx.id.name) {
      return dismiss(socket, 'mismatch', 'another environment, shard or number of shards')
    }
    setFeedState(socket, 'checking')
    const comer: Holder = { epoch: hello.epoch as Epoch, lease: hello.lease }
    if (fence(comer, this.#memory.highest).kind === 'ask_lease') {
      const row = await this.#lease()
      if (row === 'away') return dismiss(socket, 'unavailable', 'the lease cannot be read')
      if (row?.epoch !== comer.epoch || row.lease !== comer.lease) {
        const highest = Math.max(this.#memory.highest?.epoch ?? 0, row?.epoch ?? 0)
        return dismiss(socket, 'superseded', String(highest))
      }
    }
    // Another may have been accepted while the lease was read.
    const verdict = fence(comer, this.#memory.highest)
    if (verdict.kind === 'superseded') {
      return dismiss(socket, 'superseded', String(verdict.highest))
    }
    await this.#accept(socket, comer)
  }

  async #accept(socket: WebSocket, holder: Holder): Promise<void> {
    const before = this.#socket
    if (before !== null) {
      const again = holder.epoch === this.#memory.highest?.epoch
      setFeedState(before, 'replaced')
      dismiss(before, again ? 'replaced' : 'superseded', String(holder.epoch))
    }
    this.#memory.accept(holder)
    setFeedState(socket, 'accepted')
    this.#socket = socket
    this.#health = new FeedHealth(Date.now())
    this.#silent = false
    this.#lanes.outdateAll()
    const { watched } = this.#memory
    for (const market of watched) this.#lanes.mayAsk(market, Date.now(), 0)
    tell(socket, { watch: watched })
    await this.ctx.storage.setAlarm(Date.now() + settingsOf(this.env).FEED_SILENT_MS)
  }

  async #batch(socket: WebSocket, n: number, items: readonly FeedItem[]): Promise<void> {
    const health = this.#health
    health.unacknowledged += 1
    const needs = await Promise.all(items.map((item) => this.#lanes.forward(item)))
    health.unacknowledged -= 1
    if (socket !== this.#socket) return
    tell(socket, { ack: n })
    const now = Date.now()
    const need = needs
      .filter((each) => each !== null)
      .filter(({ m }) => this.#lanes.mayAsk(m, now, PATIENCE_MS))
    if (need.length > 0) tell(socket, { need })
  }

  async #beat(socket: WebSocket, beat: FeedBeat): Promise<void> {
    const now = Date.now()
    this.#health.beat(beat, now)
    for (const wake of [...this.#beatWaiters]) wake()
    // Whoever was not given its book by now is asked for again.
    const late = this.#memory.watched.filter(
      (market) => !this.#lanes.isCurrent(market) && this.#lanes.mayAsk(market, now, PATIENCE_MS),
    )
    if (late.length > 0) tell(socket, { need: late.map((m) => ({ m, have: null })) })
    if (this.#health.beats % BEATS_PER_HEARTBEAT === 0) await this.#heartbeat(this.#memory.listened)
  }

  /** A sign of life; the first after a silence brings the books back. */
  #heard(): void {
    this.#health.heard(Date.now())
    if (!this.#silent) return
    this.#silent = false
    const due = Date.now() + settingsOf(this.env).FEED_SILENT_MS
    this.ctx.waitUntil(this.ctx.storage.setAlarm(due))
    this.ctx.waitUntil(this.#heartbeat(this.#memory.listened))
  }

  /** Nobody vouches for any book any more: every watched one is told once, then its subscribers. */
  async #fallSilent(): Promise<void> {
    const told = this.#silent ? this.#memory.listened : this.#memory.watched
    this.#silent = true
    this.#health.vouchedMs = null
    await this.#heartbeat(told)
    if (this.#memory.listened.length > 0) {
      await this.ctx.storage.setAlarm(Date.now() + HEARTBEAT_MS)
    }
  }

  async #heartbeat(markets: readonly Ticker[]): Promise<void> {
    const feed = this.#word()
    const age = this.#health.last?.upstream_age_ms ?? null
    await Promise.allSettled(
      markets.map(async (market) => {
        const subscribers = await this.#lanes.call(market, (stub) => stub.heartbeat(feed, age))
        if (subscribers === 0) this.#memory.watch(market, false)
      }),
    )
  }

  #word(): FeedWord {
    return this.#socket === null || this.#silent ? 'down' : this.#health.word()
  }

  async #nextBeat(): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#beatWaiters.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, PATIENCE_MS)
      this.#beatWaiters.add(wake)
    })
  }

  async #lease(): Promise<Holder | null | 'away'> {
    const { HYPERDRIVE_READER } = settingsOf(this.env)
    const later = (goodbye: Promise<unknown>) => this.ctx.waitUntil(goodbye)
    return withDatabase(HYPERDRIVE_READER, later, leaseEpoch).catch(() => 'away' as const)
  }
}
