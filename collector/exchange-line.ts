import { Backoff } from '#core/backoff'
import type { Micros } from '#core/instant'
import type { GapCause } from '#core/log'
import type { Clock } from './clock.ts'
import type { ExchangeConfig } from './exchange-config.ts'
import { KalshiSocket } from './kalshi-socket.ts'
import { logEvent } from './log-event.ts'

export type LineEvents = {
  readonly opened: (now: Micros) => void
  readonly frame: (bytes: Buffer, now: Micros) => void
  /** The line is down, and will be tried again. */
  readonly again: () => void
  /** An open connection is lost, for this cause; called last, so that what it leads to has the last word. */
  readonly lost: (cause: GapCause) => void
}

type Connected = {
  readonly kind: 'connected'
  readonly socket: KalshiSocket
  readonly since: Micros
  /** The last frame. */
  frameAt: Micros
  /** Our last ping. */
  pinged: Micros
  /** The first ping since we last heard anything. */
  unanswered: Micros | null
}
type LineState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'connecting'; readonly socket: KalshiSocket }
  | Connected
  /** Down until it is released: what came now could not be kept. */
  | { readonly kind: 'held' }
  | { readonly kind: 'stopped' }

/** Keeps one websocket to the exchange for ever, whatever becomes of its handshakes. */
export class ExchangeLine {
  frames = 0
  reconnects = 0
  /** Handshakes since it was last connected that came to nothing. */
  failures = 0
  readonly number: number
  readonly #config: ExchangeConfig
  readonly #clock: Clock
  readonly #events: LineEvents
  readonly #backoff: Backoff
  #state: LineState = { kind: 'idle' }

  /** @param number tells the connection from the others, in logs */
  constructor(number: number, config: ExchangeConfig, clock: Clock, events: LineEvents) {
    this.number = number
    this.#config = config
    this.#clock = clock
    this.#events = events
    this.#backoff = new Backoff(config.HEALTHY_MS)
  }

  get state(): LineState['kind'] {
    return this.#state.kind
  }

  /** The last frame of the open connection, at first its opening; null while there is none. */
  get lastFrame(): Micros | null {
    return this.#state.kind === 'connected' ? this.#state.frameAt : null
  }

  /** How long the connection has been open, in ms; 0 while it is not. */
  get lastedMs(): number {
    return this.#state.kind === 'connected' ? (this.#clock() - this.#state.since) / 1000 : 0
  }

  start(): void {
    if (this.#state.kind === 'idle') this.#connect()
  }

  send(text: string): void {
    if (this.#state.kind === 'connected') this.#state.socket.send(text)
  }

  /** Gives the connection up and makes another. */
  drop(cause: GapCause, reason: string): void {
    if (this.#state.kind !== 'connected') return
    const { socket, since } = this.#state
    this.#lost(since, reason)
    socket.end(reason)
    this.#events.lost(cause)
  }

  /** Stops reading, as long as what comes could not be kept. */
  hold(cause: GapCause): void {
    if (this.#state.kind !== 'stopped') this.#rest({ kind: 'held' }, cause)
  }

  /** Reads again after a hold. */
  release(): void {
    if (this.#state.kind === 'held') this.#connectLater()
  }

  stop(): void {
    this.#rest({ kind: 'stopped' }, 'cut')
  }

  /** To be called several times a second: sends pings, and misses their answers. */
  tick(now: Micros): void {
    const state = this.#state
    if (state.kind !== 'connected') return
    const { PING_EVERY_MS, PONG_MS } = this.#config
    // A frame that comes after a ping shows as well as its pong that the connection lives; bursts delay pongs.
    if (state.unanswered !== null && now - state.unanswered > PONG_MS * 1000) {
      this.drop('cut', 'no pong')
    } else if (now - state.pinged >= PING_EVERY_MS * 1000) {
      state.pinged = now
      state.unanswered ??= now
      state.socket.ping()
    }
  }

  #connect(): void {
    const { KALSHI_WS_URL, KALSHI_KEY_ID: keyId, privateKey, HANDSHAKE_MS } = this.#config
    // A socket that was given up still tells of its end; only the one that we have now counts.
    const mine = () =>
      (this.#state.kind === 'connecting' || this.#state.kind === 'connected') &&
      this.#state.socket === socket
    const socket = new KalshiSocket(KALSHI_WS_URL, { keyId, privateKey }, HANDSHAKE_MS, {
      open: () => mine() && this.#open(socket),
      frame: (bytes) => this.#frame(bytes),
      pulse: () => this.#hear(),
      ended: (reason, announced) => mine() && this.#ended(reason, announced),
    })
    this.#state = { kind: 'connecting', socket }
  }

  #open(socket: KalshiSocket): void {
    const now = this.#clock()
    this.failures = 0
    const silent = { since: now, frameAt: now, pinged: now, unanswered: null }
    this.#state = { kind: 'connected', socket, ...silent }
    logEvent('exchange_connected', { connection: this.number })
    this.#events.opened(now)
  }

  #frame(bytes: Buffer): void {
    if (this.#state.kind !== 'connected') return
    const now = this.#clock()
    this.frames += 1
    this.#state.frameAt = now
    this.#hear()
    this.#events.frame(bytes, now)
  }

  #hear(): void {
    if (this.#state.kind === 'connected') this.#state.unanswered = null
  }

  #ended(reason: string, announced: boolean): void {
    if (this.#state.kind === 'connected') {
      this.#lost(this.#state.since, reason)
      this.#events.lost(announced ? 'maintenance' : 'cut')
      return
    }
    this.failures += 1
    logEvent('exchange_refused', { connection: this.number, reason })
    this.#connectLater()
  }

  #lost(since: Micros, reason: string): void {
    logEvent('exchange_lost', { connection: this.number, reason })
    this.#backoff.lost((this.#clock() - since) / 1000)
    this.#connectLater()
  }

  #connectLater(): void {
    const timer = setTimeout(() => this.#connect(), this.#backoff.next(Math.random()))
    this.#state = { kind: 'waiting', timer }
    this.reconnects += 1
    this.#events.again()
  }

  /** Leaves whatever was under way for a state without a socket. */
  #rest(next: Extract<LineState, { kind: 'held' | 'stopped' }>, cause: GapCause): void {
    const before = this.#state
    this.#state = next
    if (before.kind === 'waiting') clearTimeout(before.timer)
    if (before.kind !== 'connecting' && before.kind !== 'connected') return
    before.socket.end(next.kind)
    if (before.kind !== 'connected') return
    this.#backoff.lost((this.#clock() - before.since) / 1000)
    this.#events.lost(cause)
  }
}
