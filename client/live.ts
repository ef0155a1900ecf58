import { EventQueue } from './event-queue.ts'
import type { FollowedBook } from './followed-book.ts'
import { type Loss, wordsOf } from './loss.ts'
import { readMessage } from './read-message.ts'
import { Reconnect } from './reconnect.ts'
import { type OpenSocket, platformSocket, refusedStatus, type SocketLike } from './socket.ts'
import type { StaleCause, StreamEvent } from './stream-event.ts'
import { StreamFollower } from './stream-follower.ts'
import type { Selection } from './subscriptions.ts'
import { askTicket, type Fetch, type TicketAnswer } from './ticket.ts'

/** Time as a stream sees it; a test gives its own. */
export type StreamClock = {
  /** ms, never going back. */
  now(): number
  /** Runs something after so many ms. @returns what calls it off */
  after(ms: number, run: () => void): () => void
}

/** How a stream is opened. */
export type LiveOptions = {
  /** The API's address, `https://…`. */
  readonly url: string
  /** Follows this market alone, by its own stream; else any number of markets by `/v1/stream`. */
  readonly market?: string
  /** A key, by which a ticket is asked for before each connection. */
  readonly apiKey?: string
  /** Gives a ticket for one connection, in place of a key. */
  readonly ticket?: () => Promise<string>
  /** Opens the socket; where it can set a header (as the package `ws`), neither key nor ticket is needed. */
  readonly open?: OpenSocket
  readonly fetch?: Fetch
  /** How many events may wait for their reader before a `behind` takes the place of most; 10,000 when absent. */
  readonly queue?: number
  /** After so long (ms) without a message a connection is lost; 15 s, of a single market 45 s, when absent. */
  readonly silentMs?: number
  readonly clock?: StreamClock
  /** In [0, 1). */
  readonly random?: () => number
}

const SILENT_MS = 15_000
const SILENT_MARKET_MS = 45_000
const QUEUE = 10_000
/** How often what did not come is asked for again, ms. */
const TICK_MS = 2000
const PROTOCOL = 'kb.v1'
/** Close codes that a client may give (RFC 6455 §7.4): all is well. */
const NORMAL = 1000

const platformClock: StreamClock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * A live stream that stays: it connects again after every loss that may pass, resumes each market where it stood, and tells
 * all that happens. One reader takes its events with `for await`; `book()` shows each book as of the last message, which may
 * be ahead of the event that is read.
 */
export class LiveStream implements AsyncIterable<StreamEvent> {
  readonly #options: LiveOptions
  readonly #clock: StreamClock
  readonly #follower: StreamFollower
  readonly #reconnect: Reconnect
  readonly #queue: EventQueue
  #socket: SocketLike | null = null
  /** Which attempt is under way: what earlier ones tell is not heard. */
  #attempt = 0
  #open = false
  #over = false
  #offTimer: () => void = () => {}
  #offSend: () => void = () => {}
  /** Calls off what asks for a ticket. */
  #asking = new AbortController()

  /** Begins to connect. */
  constructor(options: LiveOptions) {
    const { market = null, silentMs, queue, clock, random } = options
    this.#options = options
    this.#clock = clock ?? platformClock
    this.#follower = new StreamFollower(market)
    const silent = silentMs ?? (market === null ? SILENT_MS : SILENT_MARKET_MS)
    this.#reconnect = new Reconnect(silent, random ?? Math.random)
    this.#queue = new EventQueue(queue ?? QUEUE)
    void this.#connect()
  }

  /** Whether every book that is subscribed to is current. */
  get healthy(): boolean {
    return this.#follower.healthy
  }
  /** Every book that is followed, by market. */
  get books(): ReadonlyMap<string, FollowedBook> {
    return this.#follower.books
  }
  /** Events that wait for their reader. */
  get waiting(): number {
    return this.#queue.length
  }

  /** A market's book as of the last message; null while nothing was heard of it. */
  book(market: string): FollowedBook | null {
    return this.#follower.books.get(market) ?? null
  }

  /** Subscribes, on this connection and all later ones. @returns the subscription's id, which events name */
  subscribe(selection: Selection = {}): number {
    const id = this.#follower.subscribe(selection)
    this.#send()
    return id
  }

  /** Ends a subscription. */
  unsubscribe(id: number): void {
    this.#follower.unsubscribe(id)
    this.#send()
  }

  /** Asks for a new start of a market that is followed. */
  resync(market: string): void {
    this.#follower.resync(market, this.#clock.now())
    this.#send()
  }

  /** Ends the stream; what was told can still be read. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#drop(NORMAL)
    this.#follower.disconnected('disconnected', null)
    this.#queue.end()
  }

  /** Its events, as they come; ends after `close()` or `stopped`. Leaving the loop closes the stream. */
  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, undefined> {
    return {
      next: () => this.#queue.next(),
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  async #connect(): Promise<void> {
    this.#attempt += 1
    const attempt = this.#attempt
    this.#reconnect.opening(this.#clock.now())
    this.#watch(attempt)
    const got = await this.#ticket()
    if (attempt !== this.#attempt) return
    if (got !== null && got.kind !== 'ticket') return this.#lose(attempt, got, 'disconnected')
    try {
      this.#listen(attempt, got === null ? [] : [PROTOCOL, got.ticket])
    } catch (error) {
      this.#lose(attempt, { kind: 'unreachable', message: String(error) }, 'disconnected')
    }
  }

  async #ticket(): Promise<TicketAnswer | null> {
    const { ticket, apiKey, url, market = '*', fetch: given } = this.#options
    const get: Fetch = given ?? ((address, init) => fetch(address, init))
    if (ticket === undefined)
      return apiKey === undefined ? null : askTicket(get, url, apiKey, market, this.#asking.signal)
    try {
      return { kind: 'ticket', ticket: await ticket() }
    } catch (error) {
      return { kind: 'unreachable', message: String(error) }
    }
  }

  #listen(attempt: number, protocols: string[]): void {
    const { url, market, open = platformSocket } = this.#options
    const path =
      market === undefined ? '/v1/stream' : `/v1/markets/${encodeURIComponent(market)}/stream`
    const socket = open(new URL(path, url).href.replace(/^http/, 'ws'), protocols)
    this.#socket = socket
    let failed: Loss | null = null
    socket.addEventListener('open', () => {
      if (attempt !== this.#attempt) return
      this.#open = true
      const now = this.#clock.now()
      this.#reconnect.opened(now)
      this.#watch(attempt)
      this.#follower.connected(now)
      this.#send()
    })
    socket.addEventListener('message', ({ data }) => this.#hear(attempt, data))
    socket.addEventListener('error', ({ message }) => {
      const status = refusedStatus(message)
      const said = message ?? 'the socket failed'
      failed ??=
        status === null
          ? { kind: 'unreachable', message: said }
          : { kind: 'refused', status, message: said, retryAfterMs: null }
      // Not every platform follows it with a close.
      if (!this.#open) this.#lose(attempt, failed, 'disconnected')
    })
    socket.addEventListener('close', ({ code = 1006, reason = '' }) => {
      this.#lose(attempt, failed ?? { kind: 'closed', code, reason }, 'disconnected')
    })
  }

  #hear(attempt: number, data: unknown): void {
    if (attempt !== this.#attempt) return
    const now = this.#clock.now()
    this.#reconnect.heard(now)
    const message = readMessage(data)
    if (message === null) return
    for (const event of this.#follower.hear(message, now)) this.#queue.put(event)
    if (this.#follower.outbox.nextMs !== null) this.#send()
  }

  #send(): void {
    if (!this.#open || this.#socket === null) return
    this.#offSend()
    const { outbox } = this.#follower
    const now = this.#clock.now()
    try {
      for (const command of outbox.take(now)) this.#socket.send(JSON.stringify(command))
    } catch {
      // It is closing: its close event follows.
      return
    }
    const next = outbox.nextMs
    if (next !== null)
      this.#offSend = this.#clock.after(Math.max(1, next - now), () => this.#send())
  }

  /** Looks every few moments for silence and for what did not come. */
  #watch(attempt: number): void {
    this.#offTimer()
    const now = this.#clock.now()
    const left = (this.#reconnect.deadlineMs ?? now) - now
    this.#offTimer = this.#clock.after(Math.max(1, Math.min(TICK_MS, left)), () => {
      if (attempt !== this.#attempt) return
      const at = this.#clock.now()
      if (at >= (this.#reconnect.deadlineMs ?? at)) {
        return this.#lose(attempt, { kind: 'silent' }, 'silent')
      }
      this.#follower.tick(at)
      this.#send()
      this.#watch(attempt)
    })
  }

  #lose(attempt: number, loss: Loss, cause: StaleCause): void {
    if (attempt !== this.#attempt || this.#over) return
    const verdict = this.#reconnect.lost(loss, this.#clock.now())
    this.#drop(NORMAL)
    const retryMs = verdict.kind === 'retry' ? verdict.afterMs : null
    const told = this.#follower.disconnected(cause, retryMs, wordsOf(loss))
    for (const event of told) this.#queue.put(event)
    if (verdict.kind === 'retry') {
      this.#offTimer = this.#clock.after(verdict.afterMs, () => void this.#connect())
      return
    }
    this.#over = true
    const { message } = verdict
    this.#queue.put({ type: 'stopped', cause: verdict.cause, message })
    this.#queue.end()
  }

  /** Lets the socket go: nothing that it still tells is heard. */
  #drop(code: number): void {
    this.#attempt += 1
    this.#open = false
    this.#offTimer()
    this.#offSend()
    this.#asking.abort()
    this.#asking = new AbortController()
    const socket = this.#socket
    this.#socket = null
    try {
      socket?.close(code)
    } catch {
      // Closed already.
    }
  }
}
