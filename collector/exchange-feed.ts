import { backoffMs } from '#core/backoff'
import { Ingest, type MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { type Command, getSnapshots, subscribeBooks } from '#core/kalshi/commands'
import { decodeFrame } from '#core/kalshi/decode'
import type { GapCause } from '#core/log'
import type { MarketLog } from '#core/market-log'
import { Recovery } from '#core/recovery'
import type { Ticker } from '#core/ticker'
import { Aside } from './aside.ts'
import type { Clock } from './clock.ts'
import type { CollectorConfig } from './config.ts'
import { KalshiSocket } from './kalshi-socket.ts'
import { logEvent } from './log-event.ts'

type Connection = {
  readonly socket: KalshiSocket
  readonly ingest: Ingest
  readonly recovery: Recovery
}
type FeedState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'connecting'; readonly socket: KalshiSocket }
  | ({ readonly kind: 'connected' } & Connection)
  /** Down until the recorder has room: what came now could not be kept. */
  | { readonly kind: 'held' }
  | { readonly kind: 'stopped' }

/** Keeps one connection to the exchange, for ever, and turns what it says into records. */
export class ExchangeFeed {
  readonly aside = new Aside()
  frames = 0
  reconnects = 0
  readonly #config: CollectorConfig
  readonly #clock: Clock
  readonly #logs: ReadonlyMap<Ticker, MarketLog>
  readonly #record: (records: readonly MarketRecord[]) => void
  #state: FeedState = { kind: 'idle' }
  #watchdog: NodeJS.Timeout | null = null
  #attempt = 0
  #commands = 0

  /** @param record takes every record, in order, before anything slow */
  constructor(
    config: CollectorConfig,
    clock: Clock,
    logs: ReadonlyMap<Ticker, MarketLog>,
    record: (records: readonly MarketRecord[]) => void,
  ) {
    this.#config = config
    this.#clock = clock
    this.#logs = logs
    this.#record = record
  }

  /** The last frame or ping, null while not connected. */
  get alive(): Micros | null {
    return this.#state.kind === 'connected' ? this.#state.ingest.alive : null
  }

  start(): void {
    this.#watchdog = setInterval(() => this.#watch(), Math.ceil(this.#config.RECOVERY_MS / 4))
    this.#connect()
  }

  /** Stops reading, as long as what comes could not be kept. */
  hold(): void {
    if (this.#state.kind === 'connected') this.#lose('overflow', 'the recorder is full')
    this.#rest({ kind: 'held' })
  }

  /** Reads again after a hold. */
  release(): void {
    if (this.#state.kind === 'held') this.#connectLater()
  }

  /** Ends the connection; its books are in a gap from its last sign of life. */
  stop(): void {
    if (this.#state.kind === 'connected') this.#lose('cut', 'stopping')
    this.#rest({ kind: 'stopped' })
    if (this.#watchdog !== null) clearInterval(this.#watchdog)
  }

  #connect(): void {
    const { KALSHI_WS_URL, KALSHI_KEY_ID: keyId, privateKey, HANDSHAKE_MS } = this.#config
    const socket = new KalshiSocket(KALSHI_WS_URL, { keyId, privateKey }, HANDSHAKE_MS, {
      open: () => this.#open(socket),
      frame: (text) => this.#frame(text),
      ping: () => this.#state.kind === 'connected' && this.#state.ingest.ping(this.#clock()),
      ended: (reason) => this.#ended(reason),
    })
    this.#state = { kind: 'connecting', socket }
  }

  #open(socket: KalshiSocket): void {
    const now = this.#clock()
    const recovery = new Recovery(this.#config.RECOVERY_MS)
    this.#state = { kind: 'connected', socket, ingest: new Ingest(this.#logs, now), recovery }
    recovery.subscribed(this.#logs.keys(), now)
    logEvent('exchange_connected', { markets: this.#logs.size })
    this.#send(socket, subscribeBooks(this.#commands + 1, [...this.#logs.keys()]))
  }

  #frame(text: string): void {
    if (this.#state.kind !== 'connected') return
    const { ingest, recovery, socket } = this.#state
    const frame = decodeFrame(text)
    const now = this.#clock()
    this.frames += 1
    if (frame.kind === 'unknown' || frame.kind === 'malformed') this.aside.add(frame.kind, text)
    if (frame.kind === 'malformed') logEvent('malformed_frame', { reason: frame.reason })
    if (frame.kind === 'error') logEvent('exchange_error', { code: frame.code })
    const { records, resync, dead } = ingest.frame(frame, now)
    for (const { market, record } of records) {
      if (record.kind !== 'snapshot') continue
      recovery.known(market)
      this.#attempt = 0
    }
    if (records.length > 0) this.#record(records)
    // Recording may have found the queue full, and ended this connection.
    if (this.#state.kind !== 'connected') return
    if (dead !== null) this.#lose('cut', dead)
    else if (resync !== null) this.#ask(socket, resync.sid, recovery.stale(resync.markets, now))
  }

  /** Looks for silence, and for snapshots that did not come. */
  #watch(): void {
    if (this.#state.kind !== 'connected') return
    const { ingest, recovery, socket } = this.#state
    const now = this.#clock()
    if (now - ingest.alive > this.#config.SILENCE_MS * 1000) {
      this.#lose('silence', 'silence')
      return
    }
    const step = recovery.look(now)
    if (step.kind === 'give_up') this.#lose('cut', 'no snapshot came')
    else if (ingest.bookSid !== null) this.#ask(socket, ingest.bookSid, step.markets)
  }

  #ask(socket: KalshiSocket, sid: number, markets: readonly Ticker[]): void {
    if (markets.length === 0) return
    logEvent('snapshots_asked', { markets: markets.length })
    this.#send(socket, getSnapshots(this.#commands + 1, sid, markets))
  }

  /** Gives the connection up: its books are stale before anything else happens. */
  #lose(cause: GapCause, reason: string): void {
    if (this.#state.kind !== 'connected') return
    const { socket, ingest } = this.#state
    this.#state = { kind: 'connecting', socket }
    const records = ingest.lose(cause, this.#clock())
    if (records.length > 0) this.#record(records)
    socket.end(reason)
  }

  #ended(reason: string): void {
    if (this.#state.kind === 'held' || this.#state.kind === 'stopped') return
    if (this.#state.kind === 'connected') {
      const records = this.#state.ingest.lose('cut', this.#clock())
      if (records.length > 0) this.#record(records)
    }
    logEvent('exchange_lost', { reason })
    this.#connectLater()
  }

  #connectLater(): void {
    const timer = setTimeout(() => this.#connect(), backoffMs(this.#attempt, Math.random()))
    this.#rest({ kind: 'waiting', timer })
    this.#attempt += 1
    this.reconnects += 1
  }

  /** Leaves whatever was under way for a state without a socket. */
  #rest(next: Extract<FeedState, { kind: 'waiting' | 'held' | 'stopped' }>): void {
    const before: FeedState = this.#state
    if (before.kind === 'stopped') {
      if (next.kind === 'waiting') clearTimeout(next.timer)
      return
    }
    this.#state = next
    if (before.kind === 'waiting') clearTimeout(before.timer)
    if (before.kind === 'connecting') before.socket.end(next.kind)
  }

  #send(socket: KalshiSocket, commands: readonly Command[]): void {
    for (const { text } of commands) socket.send(text)
    this.#commands += commands.length
  }
}
