import { newSession, type StreamSession } from '#core/stream-session'
import { type ServerMessage, STREAM_CLOSE } from '#core/wire/stream'

/** A socket with more than this unsent (bytes) is closed, so that it cannot fill our memory. */
const UNSENT_BYTES = 1024 * 1024

/** What a subscriber's socket keeps through a hibernation of its object. */
type Kept = { readonly session: StreamSession; readonly marketStatus: string }

/** The subscribers' sockets of one market. */
export class Subscribers {
  readonly #sessions = new Map<WebSocket, StreamSession>()
  /** The exchange's word for the market's state, as the last socket's opening brought it. */
  marketStatus = 'active'

  /** Takes over sockets that lived on while their object was away. */
  constructor(sockets: readonly WebSocket[]) {
    for (const socket of sockets) {
      const kept = socket.deserializeAttachment() as Kept | null
      if (kept === null) continue
      this.#sessions.set(socket, kept.session)
      this.marketStatus = kept.marketStatus
    }
  }

  get count(): number {
    return this.#sessions.size
  }
  get all(): WebSocket[] {
    return [...this.#sessions.keys()]
  }
  /** Sockets that got their first book and are sent all that follows. */
  get following(): WebSocket[] {
    return this.#where(({ subs }) => subs.length > 0)
  }
  /** Sockets with a subscription that waits for its first book. */
  get waiting(): WebSocket[] {
    return this.#where(({ waiting }) => waiting.length > 0)
  }

  /** A socket was opened. */
  open(socket: WebSocket, plan: string, marketStatus: string): void {
    this.marketStatus = marketStatus
    this.keep(socket, newSession(plan))
  }

  session(socket: WebSocket): StreamSession | null {
    return this.#sessions.get(socket) ?? null
  }

  /** Remembers a session, through a hibernation too. */
  keep(socket: WebSocket, session: StreamSession): void {
    this.#sessions.set(socket, session)
    try {
      socket.serializeAttachment({ session, marketStatus: this.marketStatus } satisfies Kept)
    } catch {
      // One socket's trouble is not the market's.
      this.close(socket, 1011, '')
    }
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
    try {
      socket.close(code, reason)
    } catch {
      // Closed meanwhile.
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
      this.#sessions.delete(socket)
    }
  }

  #where(holds: (session: StreamSession) => boolean): WebSocket[] {
    const sockets: WebSocket[] = []
    for (const [socket, session] of this.#sessions) if (holds(session)) sockets.push(socket)
    return sockets
  }
}
