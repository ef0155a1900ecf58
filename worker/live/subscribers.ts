import { hearsChannel, newSession, type StreamSession } from '#core/stream-session'
import type { WireStatus } from '#core/wire/status'
import { type ServerMessage, STREAM_CLOSE } from '#core/wire/stream'
import type { StreamChannel } from '#core/wire/stream-command'
import {
  type LeaseOrder,
  type MarketLeases,
  newSocketLease,
  type SocketLease,
  toldIn,
} from './market-leases.ts'
import { laterStanding } from './standing.ts'
import type { StreamLease } from './stream-lease.ts'

/** A socket with more than this unsent (bytes) is closed, so that it cannot fill our memory. */
const UNSENT_BYTES = 1024 * 1024

/** What a subscriber's socket keeps through a hibernation of its object. */
type Kept = {
  readonly session: StreamSession
  readonly lease: SocketLease
  readonly standing: WireStatus | null
  /** The seq that all who follow had been told; on one of the sockets, as on all it would be the same. */
  readonly told: number | null
}

/** The subscribers' sockets of one market. */
export class Subscribers {
  readonly #sessions = new Map<WebSocket, StreamSession>()
  readonly #leases = new Map<WebSocket, SocketLease>()
  readonly #holder: MarketLeases
  /** The minute in which all who hear a channel were counted, for as long as no session changes. */
  readonly #counted = new Map<StreamChannel, number>()
  /** The socket that keeps what was told. */
  #keeper: WebSocket | null = null
  #told: number | null = null
  /** Where the market stands, as the sockets' openings brought it; null when none did. */
  #standing: WireStatus | null = null

  /**
   * Takes over sockets that lived on while their object was away.
   * @param leases hears of leases that begin and end
   */
  constructor(sockets: readonly WebSocket[], leases: MarketLeases) {
    this.#holder = leases
    for (const socket of sockets) {
      const kept = socket.deserializeAttachment() as Kept | null
      if (kept === null) continue
      this.#sessions.set(socket, kept.session)
      this.#leases.set(socket, kept.lease)
      this.#standing = laterStanding(this.#standing, kept.standing)
      if (kept.told !== null && kept.told > (this.#told ?? -1)) this.#told = kept.told
    }
  }

  get standing(): WireStatus | null {
    return this.#standing
  }
  get count(): number {
    return this.#sessions.size
  }
  get all(): WebSocket[] {
    return [...this.#sessions.keys()]
  }
  /** Whether one of them pays. */
  get paid(): boolean {
    return this.#where(({ plan }) => plan !== 'free').length > 0
  }
  /** Sockets with a subscription that waits for its first book. */
  get waiting(): WebSocket[] {
    return this.#where(({ waiting }) => waiting.length > 0)
  }
  /** The seq that all who follow the book were told; null when that is not known. */
  get told(): number | null {
    return this.#told
  }

  /** Sockets that are sent what comes of a channel. */
  hearing(channel: StreamChannel): WebSocket[] {
    return this.#where((session) => hearsChannel(session, channel))
  }

  get leases(): SocketLease[] {
    return [...this.#leases.values()]
  }

  /** A socket was opened. */
  open(socket: WebSocket, lease: StreamLease, standing: WireStatus | null): void {
    this.#standing = laterStanding(this.#standing, standing)
    this.#leases.set(socket, newSocketLease(lease))
    this.keep(socket, newSession(lease.plan))
    this.#holder.tell()
  }

  /** Sockets were told a record in a minute; when they are all that hear a channel, it is named. */
  meter(sockets: readonly WebSocket[], minute: number, channel?: StreamChannel): void {
    if (channel !== undefined) {
      if (this.#counted.get(channel) === minute) return
      this.#counted.set(channel, minute)
    }
    for (const socket of sockets) {
      const before = this.#leases.get(socket)
      const after = before && toldIn(before, minute)
      if (after === undefined || after === before) continue
      this.#leases.set(socket, after)
      this.#attach(socket)
    }
  }

  /** Heeds the words of streams' accounts. */
  heed(orders: readonly LeaseOrder[]): void {
    for (const order of orders) this.#heed(order)
  }

  session(socket: WebSocket): StreamSession | null {
    return this.#sessions.get(socket) ?? null
  }

  /** Remembers a session, through a hibernation too. */
  keep(socket: WebSocket, session: StreamSession): void {
    this.#sessions.set(socket, session)
    this.#counted.clear()
    this.#attach(socket)
  }

  /** All who follow the book have been told up to this seq; null when they must begin anew. */
  keepTold(seq: number | null): void {
    this.#told = seq
    if (this.#keeper === null || !this.#sessions.has(this.#keeper)) {
      this.#keeper = this.#sessions.keys().next().value ?? null
    }
    if (this.#keeper !== null) this.#attach(this.#keeper)
  }

  /** Sends messages to some, each encoded once. */
  send(sockets: readonly WebSocket[], messages: readonly ServerMessage[]): void {
    if (sockets.length === 0) return
    for (const message of messages) {
      const text = JSON.stringify(message)
      for (const socket of sockets) this.#send(socket, text)
    }
  }

  /** Closes a socket and forgets it. */
  close(socket: WebSocket, code: number, reason: string): void {
    this.#sessions.delete(socket)
    const lease = this.#leases.get(socket)
    this.#leases.delete(socket)
    if (lease !== undefined) this.#holder.end(lease)
    try {
      socket.close(code, reason)
    } catch {
      // Closed meanwhile.
    }
    if (socket === this.#keeper) this.keepTold(this.#told)
  }

  #heed(order: LeaseOrder): void {
    const [socket, lease] = [...this.#leases].find(([, each]) => each.lease === order.lease) ?? []
    const session = socket && this.#sessions.get(socket)
    if (socket === undefined || lease === undefined || session === undefined) return
    if ('close' in order) this.close(socket, order.close, order.reason)
    else {
      this.#leases.set(socket, { ...lease, plan: order.plan })
      this.keep(socket, { ...session, plan: order.plan })
    }
  }

  #attach(socket: WebSocket): void {
    const session = this.#sessions.get(socket)
    const lease = this.#leases.get(socket)
    if (session === undefined || lease === undefined) return
    const told = socket === this.#keeper ? this.#told : null
    const standing = this.#standing
    try {
      socket.serializeAttachment({ session, lease, standing, told } satisfies Kept)
    } catch {
      // One socket's trouble is not the market's.
      this.close(socket, 1011, '')
    }
  }

  #send(socket: WebSocket, text: string): void {
    if (!this.#sessions.has(socket)) return
    // Runtimes before 2026-11-17 do not tell.
    const unsent = (socket as Partial<WebSocket>).bufferedAmount ?? 0
    if (unsent > UNSENT_BYTES) {
      this.close(socket, STREAM_CLOSE.slowConsumer, 'slow consumer')
      return
    }
    try {
      socket.send(text)
    } catch {
      this.close(socket, 1011, '')
    }
  }

  #where(holds: (session: StreamSession) => boolean): WebSocket[] {
    const sockets: WebSocket[] = []
    for (const [socket, session] of this.#sessions) if (holds(session)) sockets.push(socket)
    return sockets
  }
}
