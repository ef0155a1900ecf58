import { Backoff } from '#core/backoff'
import { Ingest, type Ingested, type MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { decodeFrame, type Frame } from '#core/kalshi/decode'
import { DeltaReader } from '#core/kalshi/delta-reader'
import type { GapCause } from '#core/log'
import type { Owners } from '#core/owners'
import type { Ticker } from '#core/ticker'
import type { UnusableFrame } from './aside.ts'
import { BookCommands, type Verdict } from './book-commands.ts'
import type { Clock } from './clock.ts'
import type { ExchangeConfig } from './exchange-config.ts'
import { ExchangeLine } from './exchange-line.ts'
import { logEvent } from './log-event.ts'

export type ConnectionEvents = {
  /** Of every frame, first of all. */
  readonly decoded: (kind: Frame['kind']) => void
  readonly again: (connection: number) => void
  readonly records: (records: readonly MarketRecord[]) => void
  readonly aside: UnusableFrame
  /** A market that another connection owned is this connection's now. */
  readonly moved: (market: Ticker, from: number) => void
  /** Books that another connection brings by now, and that were lost here before: they have to come anew. */
  readonly astray: (markets: readonly Ticker[]) => void
  /** The exchange lets this connection have no more markets than it has: these must go elsewhere. */
  readonly full: (markets: readonly Ticker[]) => void
}

export type ConnectionOptions = {
  readonly number: number
  readonly config: ExchangeConfig
  readonly clock: Clock
  readonly owners: Owners
  readonly events: ConnectionEvents
}

/** One connection that brings books: everything that it owns is right or said to be stale. */
export class ExchangeConnection {
  readonly number: number
  readonly line: ExchangeLine
  readonly #config: ExchangeConfig
  readonly #clock: Clock
  readonly #owners: Owners
  readonly #events: ConnectionEvents
  readonly #reader = new DeltaReader()
  readonly #commands: BookCommands
  readonly #backoff: Backoff
  /** Null while the line is down. */
  #ingest: Ingest | null = null
  /** When something was last asked only to hear of it, and when the books were last subscribed to. */
  #probed = 0
  #subscribed = 0

  constructor({ number, config, clock, owners, events }: ConnectionOptions) {
    this.number = number
    this.#config = config
    this.#clock = clock
    this.#owners = owners
    this.#events = events
    this.#backoff = new Backoff(config.HEALTHY_MS)
    this.line = new ExchangeLine(number, config, clock, {
      opened: (now) => this.#opened(now),
      frame: (bytes, now) => this.#frame(bytes, now),
      again: () => events.again(number),
      lost: (cause) => this.#lost(cause),
    })
    const send = (text: string) => this.line.send(text)
    this.#commands = new BookCommands({ number, config, owners, send })
  }

  /** The last contiguous frame of its books, when it holds any that is known; else null. */
  get vouched(): Micros | null {
    return this.#ingest?.knows ? this.#ingest.vouched : null
  }

  /** Its book subscription, null while there is none. */
  get sid(): number | null {
    return this.#ingest?.bookSid ?? null
  }

  /** How many markets it owns now. */
  get owned(): number {
    return this.#ingest?.owned ?? 0
  }

  /** Subscribes to markets that are aimed at this connection. */
  follow(markets: readonly Ticker[]): void {
    // A line that is down subscribes to all of them when it is up again.
    if (this.#ingest === null) return
    this.#commands.add(markets)
    this.#commands.pump(this.sid, this.#clock())
  }

  /** Takes markets out of the subscription; they are not this connection's any more. */
  unfollow(markets: readonly Ticker[]): void {
    if (this.#ingest === null) return
    this.#commands.remove(markets)
    this.#commands.pump(this.sid, this.#clock())
  }

  /** Asks for fresh snapshots of books that are stale. */
  resync(markets: readonly Ticker[], now: Micros): void {
    if (this.#ingest === null) return
    this.#commands.recover(markets, now)
    this.#commands.pump(this.sid, now)
  }

  /** To be called several times a second: looks for silence, and for snapshots that did not come. */
  tick(now: Micros): void {
    this.line.tick(now)
    const ingest = this.#ingest
    if (ingest === null) return
    const quietUs = now - this.#lastFrame(ingest, now)
    if (quietUs > this.#config.SILENCE_MS * 1000) {
      this.line.drop('silence', 'silence')
      return
    }
    const step = this.#commands.look(now)
    if (step.kind === 'reconnect') {
      this.line.drop('cut', 'no snapshot came')
      return
    }
    if (step.kind === 'resubscribe') this.#resubscribe(ingest, now)
    // Where nothing comes, or books do not, something that must be answered shows whether the exchange answers.
    const due = Math.min(quietUs, now - this.#probed) > this.#config.PROBE_MS * 1000
    if (due || (step.kind === 'ask' && step.markets.length > 0)) {
      this.#probed = now
      this.#commands.probe(ingest.probe())
    }
    this.#commands.pump(this.sid, now)
  }

  #opened(now: Micros): void {
    const leaving = (market: Ticker, answered: number | null) =>
      this.#commands.leaving(market, answered)
    this.#ingest = new Ingest(this.#owners, this.number, now, leaving)
    this.#probed = now
    this.#subscribed = now
    this.#commands.restart()
    this.#commands.pump(null, now)
  }

  #frame(bytes: Buffer, now: Micros): void {
    const ingest = this.#ingest
    if (ingest === null) return
    const delta = this.#reader.read(bytes)
    const frame = delta ?? decodeFrame(bytes.toString())
    this.#events.decoded(frame.kind)
    const ingested = ingest.frame(frame, now)
    if (ingested.records.length > 0) this.#record(ingested.records)
    if (delta === null) this.#notice(frame, bytes)
    // Recording may have found no room, and ended this connection.
    if (this.#ingest === ingest && delta === null) this.#judge(frame, now)
    if (this.#ingest === ingest) this.#obey(ingested, now)
  }

  /** Does what a frame that was more than one change asks for. */
  #obey({ moved, resync, ended, dead }: Ingested, now: Micros): void {
    if (dead !== null) this.line.drop('cut', dead)
    else if (ended !== null) this.#ended(ended, now)
    else if (resync !== null) this.resync(resync.markets, now)
    if (moved !== null && moved.from.connection !== this.number) {
      this.#events.moved(moved.market, moved.from.connection)
    }
  }

  /** Frames that answer commands. */
  #judge(frame: Frame, now: Micros): void {
    const verdict: Verdict = this.#commands.answer(frame, now)
    switch (verdict.kind) {
      case 'fine':
        break
      case 'over':
        this.#abandon(verdict.cause, verdict.reason, now)
        return
      case 'useless':
        this.line.drop('cut', verdict.reason)
        return
      case 'full':
        this.#events.full(verdict.markets)
        break
    }
    this.#commands.pump(this.sid, now)
  }

  #abandon(cause: GapCause, reason: string, now: Micros): void {
    const ingest = this.#ingest
    this.#record(ingest?.abandon(cause, now) ?? [])
    if (ingest !== null && this.#ingest === ingest) this.#ended(reason, now)
  }

  /** The subscription is over, and the connection is not: another subscription. */
  #ended(reason: string, now: Micros): void {
    logEvent('subscription_lost', { connection: this.number, reason })
    this.#commands.restart()
    // An exchange that ends every subscription at once, as it does when we are too slow, is given time.
    this.#backoff.lost((now - this.#subscribed) / 1000)
    this.#commands.rest(now + this.#backoff.next(Math.random()) * 1000)
    this.#subscribed = now
  }

  /** Nothing of the subscription is answered: another one. */
  #resubscribe(ingest: Ingest, now: Micros): void {
    logEvent('resubscribing', { connection: this.number })
    const sid = ingest.bookSid
    this.#record(ingest.abandon('cut', now))
    if (this.#ingest !== ingest) return
    if (sid !== null) this.#commands.unsubscribe(sid)
    this.#commands.subscribe()
  }

  #lost(cause: GapCause): void {
    const ingest = this.#ingest
    this.#ingest = null
    this.#record(ingest?.lose(cause, this.#clock()) ?? [])
  }

  #record(records: readonly MarketRecord[]): void {
    if (records.length === 0) return
    this.#events.records(records)
    const astray = records.flatMap(({ market, record }) => {
      if (record.kind !== 'gap') return []
      const owner = this.#owners.get(market)?.owner ?? null
      return owner === null || owner.connection === this.number ? [] : [market]
    })
    if (astray.length > 0) this.#events.astray(astray)
  }

  /** Keeps what cannot be used, and logs what is refused. */
  #notice(frame: Frame, bytes: Buffer): void {
    switch (frame.kind) {
      case 'malformed':
        this.#events.aside('malformed', bytes.toString(), frame.market, frame.reason)
        return
      case 'unknown':
        this.#events.aside('unknown', bytes.toString(), null, `type ${frame.type}`)
        return
      case 'error': {
        const { code, message: text } = frame
        logEvent('exchange_error', { connection: this.number, code, text })
        return
      }
      default:
        return
    }
  }

  /** A ping or a frame of another subscription proves no books; while there are none, any frame will do. */
  #lastFrame(ingest: Ingest, now: Micros): Micros {
    return ingest.owned > 0 ? ingest.vouched : (this.line.lastFrame ?? now)
  }
}
