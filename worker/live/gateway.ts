import { DurableObject } from 'cloudflare:workers'
import { NO_MINUTES } from '#core/market-minutes'
import { RecentTrades } from '#core/recent-trades'
import { failed, hear, type StreamFault } from '#core/stream-hearing'
import { type StreamCommand, streamCommand } from '#core/wire/stream-command'
import { withDatabase } from '../database.ts'
import { type Env, settingsOf } from '../env.ts'
import { GatewayBeats } from './gateway-beats.ts'
import { Conflation } from './gateway-conflation.ts'
import { Connection } from './gateway-connection.ts'
import { Desk } from './gateway-desk.ts'
import { type Kept, keep } from './gateway-kept.ts'
import { GatewayLeases } from './gateway-leases.ts'
import { GatewayMarkets } from './gateway-markets.ts'
import { GatewayMemory } from './gateway-memory.ts'
import { Recovery } from './gateway-recovery.ts'
import { Reselection } from './gateway-reselection.ts'
import { Selecting } from './gateway-selecting.ts'
import { Upstream } from './gateway-upstream.ts'
import { Vigil } from './gateway-vigil.ts'
import { readBounds, readLease } from './stream-lease.ts'

/** Commands of one connection that wait for those before them. */
const WAITING_COMMANDS = 20

/** An account's way to any number of markets: one socket follows them all, over one socket to each shard. */
export class Gateway extends DurableObject<Env> {
  readonly #later = (work: Promise<unknown>) => this.ctx.waitUntil(work)
  readonly #connect = <Result>(run: Parameters<typeof withDatabase<Result>>[2]) =>
    withDatabase(settingsOf(this.env).HYPERDRIVE_READER, this.#later, run)
  readonly #memory = new GatewayMemory(this.ctx.storage.sql)
  readonly #connections = new Map<WebSocket, Connection>()
  readonly #trades = new RecentTrades()
  readonly #recovery = new Recovery(this.#connect, this.#trades)
  readonly #upstream: Upstream = new Upstream(this.env, this.ctx.id.name ?? '', {
    seqOf: (market) => this.#markets.get(market)?.live.seq ?? null,
    items: (items) => this.#markets.take(items),
    directory: (listings) => this.#desk.listed(this.#connections.values(), listings),
    hole: (shard, hole) => this.#desk.hole(this.#connections.values(), shard, hole),
    anew: () => this.#reselection.soon(),
    word: () => this.#beats.news(),
    refused: (markets) => this.#desk.refused(this.#connections.values(), markets),
  })
  readonly #beats = new GatewayBeats(() => this.#connections.values(), this.#upstream)
  readonly #markets = new GatewayMarkets(this.#upstream, new Conflation(), this.#trades)
  readonly #desk = new Desk(
    new Selecting(this.env, this.#later),
    this.#memory,
    this.#markets,
    this.#upstream,
  )
  readonly #reselection = new Reselection(this.#desk, () => this.#connections.values(), this.#later)
  readonly #leases = new GatewayLeases(
    () => this.env,
    this.ctx.id.name ?? '',
    () => this.#connections.values(),
    this.#later,
    (plan) => this.#upstream.turn(plan),
  )
  readonly #vigil = new Vigil(this.ctx.storage, this.#memory, this.#later)

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#upstream.missed(this.#memory.aliveUs)
    for (const socket of ctx.getWebSockets()) {
      const kept = socket.deserializeAttachment() as Kept | null
      if (kept === null) socket.close(1011, '')
      else this.#desk.restore(this.#add(socket, kept))
    }
    this.#upstream.missed(null)
    this.#leases.end(this.#memory.vanished(this.held()))
    this.#memory.keepOnly(this.held())
    if (this.#connections.size > 0) this.#awake()
  }

  /** The leases of its connections. */
  held(): string[] {
    return [...this.#connections.values()].map(({ name }) => name)
  }

  /** Opens a customer's socket; the Worker has authenticated it and made this request anew. */
  override fetch(request: Request): Response {
    const lease = readLease(request)
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    const kept = { lease, bounds: readBounds(request), minutes: NO_MINUTES, last: 0 }
    keep(server, kept)
    this.#memory.begin(lease)
    const { plan, streams: limits } = lease
    this.#add(server, kept).say({ type: 'welcome', plan, limits, server_us: Date.now() * 1000 })
    this.#awake()
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    const { errors } = connection.hearing
    const { hearing, heard } = hear(connection.hearing, raw, streamCommand, Date.now())
    connection.hearing = hearing
    switch (heard.kind) {
      case 'close':
        return this.#close(socket, heard.code, heard.reason)
      case 'error':
        return connection.fault(heard.id, heard.fault)
      case 'message': {
        // That it could be read forgives no bad one before it: it must also be obeyed.
        connection.hearing = { ...hearing, errors }
        if (connection.waiting >= WAITING_COMMANDS) {
          const message = `${WAITING_COMMANDS} messages wait for an answer`
          return this.#answer(socket, heard.message, { code: 'rate_limited', message })
        }
        await connection.inTurn(() => this.#obey(socket, connection, heard.message))
      }
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#close(socket, code === 1005 || code === 1006 ? 1000 : code, '')
  }

  override webSocketError(socket: WebSocket): void {
    this.#close(socket, 1011, '')
  }

  /** Its timers keep it awake; this wakes it should they be lost, and its constructor then begins anew. */
  override async alarm(): Promise<void> {
    if (this.#connections.size > 0) await this.#vigil.goOn()
  }

  async #obey(socket: WebSocket, connection: Connection, command: StreamCommand): Promise<void> {
    this.#answer(socket, command, await this.#desk.obey(connection, command))
  }

  /** Counts a command as obeyed, or answers why it was not. */
  #answer(socket: WebSocket, command: StreamCommand, fault: StreamFault | null): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    if (fault === null) connection.hearing = { ...connection.hearing, errors: 0 }
    if (fault === null) return
    const id = command.op === 'subscribe' ? command.id : undefined
    const { hearing, heard } = failed(connection.hearing, id, fault)
    connection.hearing = hearing
    if (heard.kind === 'close') this.#close(socket, heard.code, heard.reason)
    else connection.fault(id, fault)
  }

  #add(socket: WebSocket, kept: Kept): Connection {
    this.#upstream.turn(kept.lease.plan)
    const connection = new Connection(socket, kept, this.#recovery, () => this.#gone(socket))
    this.#connections.set(socket, connection)
    return connection
  }

  #close(socket: WebSocket, code: number, reason: string): void {
    this.#connections.get(socket)?.close(code, reason)
  }

  #gone(socket: WebSocket): void {
    const connection = this.#connections.get(socket)
    this.#connections.delete(socket)
    if (connection === undefined) return
    this.#desk.leave(connection)
    this.#leases.end([connection.tenure.ask()])
  }

  #awake(): void {
    if (!this.#vigil.isAwake) this.#beats.begin()
    this.#vigil.begin(() => this.#tick())
  }

  #tick(): void {
    const { GATEWAY_HEARTBEAT_MS, GATEWAY_LINGER_MS } = settingsOf(this.env)
    const follows = this.#markets.expire(GATEWAY_LINGER_MS)
    if (this.#connections.size === 0 && !follows) {
      this.#sleep()
      return
    }
    this.#leases.tick(Date.now())
    this.#markets.askAgain()
    const connections = [...this.#connections.values()]
    this.#upstream.tend(connections.some(({ subscriptions }) => subscriptions.selects))
    for (const connection of connections)
      connection.excuse((market) => this.#upstream.reaches(market))
    this.#beats.tick(GATEWAY_HEARTBEAT_MS)
  }

  /** Nobody is here: nothing is left that would keep it awake. */
  #sleep(): void {
    this.#vigil.end()
    this.#upstream.close()
  }

  /** Lets go of all that keeps it awake, but its customers’ sockets: who comes after it begins anew. */
  rest(): void {
    this.#vigil.rest()
    this.#upstream.close()
    for (const connection of this.#connections.values()) connection.mute()
  }
}
