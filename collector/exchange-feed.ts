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
  /** When a market was last asked about only to hear something. */
  probed: Micros
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

  /** The last moment that the connection's books are vouched for, null while not connected. */
  get vouched(): Micros | null {
    return this.#state.kind === 'connected' ? this.#state.ingest.vouched : null
  }

  start(): void {
    const { RECOVERY_MS, PROBE_MS } = this.#config
    this.#watchdog = setInterval(
      () => this.#watch(),
      Math.ceil(Math.min(RECOVERY_MS, PROBE_MS) / 4),
    )
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
      ended: (reason) => this.#ended(reason),
    })
    this.#state = { kind: 'connecting', socket }
  }

  #open(socket: KalshiSocket): void {
    const now = this.#clock()
    const recovery = new Recovery(this.#config.RECOVERY_MS)
    const ingest = new Ingest(this.#logs, now)
    this.#state = { kind: 'connected', socket, ingest, recovery, probed: now }
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
    if (frame.kind === 'snapshot' && this.#logs.get(frame.market)?.known) {
      recovery.answered(frame.market, now)
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
    const silentUs = now - ingest.vouched
    if (silentUs > this.#config.SILENCE_MS * 1000) {
      this.#lose('silence', 'silence')
      return
    }
    const step = recovery.look(now)
    if (step.kind === 'give_up') {
      this.#lose('cut', 'no snapshot came')
      return
    }
    if (ingest.bookSid === null) return
    this.#ask(socket, ingest.bookSid, step.markets)
    // Where nothing comes, or books do not, a book that we know shows whether the exchange answers.
    const due = Math.min(silentUs, now - this.#state.probed) > this.#config.PROBE_MS * 1000
    const probe = due || step.markets.length > 0 ? ingest.probe() : null
    if (probe === null) return
    this.#state.probed = now
    this.#send(socket, getSnapshots(this.#commands + 1, ingest.bookSid, [probe]))
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
    socket.end(reason)
    const records = ingest.lose(cause, this.#clock())
    if (records.length > 0) this.#record(records)
  }

  #ended(reason: string): void {
    if (this.#state.kind === 'held' || this.#state.kind === 'stopped') return
    logEvent('exchange_lost', { reason })
    const { ingest } = this.#state.kind === 'connected' ? this.#state : { ingest: null }
    this.#connectLater()
    // Last, for it may find the recorder full: the hold that follows must have the last word.
    const records = ingest?.lose('cut', this.#clock()) ?? []
    if (records.length > 0) this.#record(records)
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
