import { Backoff } from '#core/backoff'
import { Ingest, type Ingested, type MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { bookCommand } from '#core/kalshi/commands'
import { decodeFrame, type Frame } from '#core/kalshi/decode'
import { DeltaReader } from '#core/kalshi/delta-reader'
import { errorMeaning } from '#core/kalshi/error-meaning'
import type { GapCause } from '#core/log'
import type { Owners } from '#core/owners'
import { Recovery } from '#core/recovery'
import { type Request, Requests } from '#core/requests'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import type { ExchangeConfig } from './exchange-config.ts'
import { ExchangeLine } from './exchange-line.ts'
import { logEvent } from './log-event.ts'

export type ConnectionEvents = {
  readonly records: (records: readonly MarketRecord[]) => void
  readonly aside: (
    kind: 'malformed' | 'unknown',
    text: string,
    market: Ticker | null,
    reason: string,
  ) => void
  /** A market that another connection owned is this connection's now. */
  readonly moved: (market: Ticker, from: number) => void
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
  readonly #requests: Requests
  #recovery: Recovery
  /** Null while the line is down. */
  #ingest: Ingest | null = null
  /** When something was last asked only to hear of it. */
  #probed = 0
  readonly #backoff: Backoff
  #subscribed = 0

  constructor({ number, config, clock, owners, events }: ConnectionOptions) {
    this.number = number
    this.#config = config
    this.#clock = clock
    this.#owners = owners
    this.#events = events
    this.#requests = new Requests({
      chunk: config.COMMAND_MARKETS,
      perSecond: config.COMMANDS_PER_S,
      patienceMs: config.RECOVERY_MS,
    })
    this.#recovery = new Recovery(config.RECOVERY_MS)
    this.#backoff = new Backoff(config.HEALTHY_MS)
    this.line = new ExchangeLine(number, config, clock, {
      opened: (now) => this.#opened(now),
      frame: (bytes, now) => this.#frame(bytes, now),
      lost: (cause) => this.#lost(cause),
    })
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
    this.#requests.add(markets)
    this.#pump()
  }

  /** Takes markets out of the subscription; they are not this connection's any more. */
  unfollow(markets: readonly Ticker[]): void {
    if (this.#ingest === null) return
    this.#recovery.forget(markets)
    this.#requests.remove(markets)
    this.#pump()
  }

  /** Asks for fresh snapshots of books that are stale. */
  resync(markets: readonly Ticker[], now: Micros): void {
    if (this.#ingest === null) return
    this.#requests.snapshot(this.#recovery.stale(markets, now))
    this.#pump()
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
    const step = this.#recovery.look(now)
    if (step.kind === 'reconnect') {
      this.line.drop('cut', 'no snapshot came')
      return
    }
    if (step.kind === 'resubscribe') this.#resubscribe(ingest, now)
    else this.#requests.snapshot(step.markets)
    // Where nothing comes, or books do not, something that must be answered shows whether the exchange answers.
    const due = Math.min(quietUs, now - this.#probed) > this.#config.PROBE_MS * 1000
    const asked = step.kind === 'ask' && step.markets.length > 0
    if (due || asked) this.#probe(ingest, now)
    this.#pump()
  }

  #opened(now: Micros): void {
    this.#ingest = new Ingest(this.#owners, this.number, now)
    this.#recovery = new Recovery(this.#config.RECOVERY_MS)
    this.#probed = now
    this.#subscribed = now
    this.#subscribe()
    this.#pump()
  }

  #frame(bytes: Buffer, now: Micros): void {
    const ingest = this.#ingest
    if (ingest === null) return
    const delta = this.#reader.read(bytes)
    const frame = delta ?? decodeFrame(bytes.toString())
    if (frame.kind === 'malformed' || frame.kind === 'unknown') this.#putAside(frame, bytes)
    const ingested = ingest.frame(frame, now)
    if (ingested.records.length > 0) this.#events.records(ingested.records)
    // Recording may have found no room, and ended this connection.
    if (this.#ingest !== ingest) return
    if (delta === null) this.#answer(frame, now)
    this.#follow(ingest, ingested, now)
  }

  /** Does what a frame that was more than one change asks for. */
  #follow(ingest: Ingest, { moved, resync, ended, dead }: Ingested, now: Micros): void {
    if (this.#ingest !== ingest) return
    if (dead !== null) this.line.drop('cut', dead)
    else if (ended !== null) this.#ended(ended)
    else if (resync !== null) this.resync(resync.markets, now)
    if (moved !== null && moved.from.connection !== this.number) {
      this.#events.moved(moved.market, moved.from.connection)
    }
  }

  /** Frames that answer commands. */
  #answer(frame: Frame, now: Micros): void {
    switch (frame.kind) {
      case 'snapshot':
        this.#requests.came(frame.market, frame.id)
        if (this.#owners.get(frame.market)?.log.known) {
          this.#recovery.answered(frame.market, frame.id, now)
        }
        break
      case 'subscribed':
      case 'unsubscribed':
      case 'ok':
        this.#requests.done(frame.id)
        break
      case 'error':
        this.#refused(frame, now)
        break
      default:
        return
    }
    this.#pump()
  }

  #refused(frame: Extract<Frame, { kind: 'error' }>, now: Micros): void {
    const request = this.#requests.refused(frame.id)
    const meaning = errorMeaning(frame.code)
    logEvent('exchange_error', { connection: this.number, code: frame.code, text: frame.message })
    switch (meaning.kind) {
      case 'ended':
        // With a sid that is known it has ended the subscription already; one that names none ends all.
        if (frame.sid === null) this.#abandon(meaning.cause, `error ${frame.code}`)
        return
      case 'unknown_sid':
        if (request?.sid !== null && request?.sid === this.sid) {
          this.#abandon('cut', 'the exchange knows no such subscription')
        }
        return
      case 'full':
        if (request !== null) this.#full(request)
        return
      case 'slower':
        this.#requests.slower(now)
        if (request !== null) this.#requests.again(request)
        return
      case 'again':
        if (request !== null) this.#requests.again(request)
        return
      case 'unauthorized':
        this.line.drop('cut', 'not authorized')
        return
      case 'refused':
        return
    }
  }

  #full(request: Request): void {
    const markets = this.#requests.full(request)
    this.#recovery.forget(request.markets)
    if (markets.length > 0) this.#events.full(markets)
  }

  /** The subscription is over for us, whatever the exchange thinks. */
  #abandon(cause: GapCause, reason: string): void {
    const ingest = this.#ingest
    if (ingest === null) return
    const records = ingest.abandon(cause, this.#clock())
    if (records.length > 0) this.#events.records(records)
    if (this.#ingest === ingest) this.#ended(reason)
  }

  #ended(reason: string): void {
    logEvent('subscription_lost', { connection: this.number, reason })
    this.#recovery = new Recovery(this.#config.RECOVERY_MS)
    this.#subscribe()
    const now = this.#clock()
    // An exchange that ends every subscription at once, as it does when we are too slow, is given time.
    this.#backoff.lost((now - this.#subscribed) / 1000)
    this.#requests.rest(now + this.#backoff.next(Math.random()) * 1000)
    this.#subscribed = now
  }

  /** Nothing of the subscription is answered: another one, on the same connection. */
  #resubscribe(ingest: Ingest, now: Micros): void {
    logEvent('resubscribing', { connection: this.number })
    const sid = ingest.bookSid
    const records = ingest.abandon('cut', now)
    if (records.length > 0) this.#events.records(records)
    if (this.#ingest !== ingest) return
    if (sid !== null) this.#send(this.#requests.urgent('unsubscribe', sid))
    this.#subscribe()
    this.#pump()
  }

  /** Asks anew for every market that is to be this connection's. */
  #subscribe(): void {
    this.#requests.restart()
    for (const { market, target } of this.#owners.all()) {
      if (target === this.number) this.#requests.add([market])
    }
  }

  #probe(ingest: Ingest, now: Micros): void {
    this.#probed = now
    const market = ingest.probe()
    if (market !== null) this.#requests.snapshot([market])
    else this.#send(this.#requests.urgent('list', null))
  }

  #pump(): void {
    const now = this.#clock()
    for (;;) {
      const request = this.#requests.next(this.sid, now)
      if (request === null) return
      if (request.kind !== 'delete') this.#ask(request, now)
      this.#send(request)
    }
  }

  /** Notes what a command asks for; a known book that is asked about is no recovery. */
  #ask({ id, markets }: Request, now: Micros): void {
    const stale = markets.filter((market) => {
      const followed = this.#owners.get(market)
      return (
        followed !== undefined &&
        (followed.owner?.connection !== this.number || !followed.log.known)
      )
    })
    this.#recovery.sent(stale, id, now)
  }

  #send(request: Request): void {
    this.line.send(bookCommand(request))
  }

  #lost(cause: GapCause): void {
    const ingest = this.#ingest
    this.#ingest = null
    this.#requests.restart()
    const records = ingest?.lose(cause, this.#clock()) ?? []
    if (records.length > 0) this.#events.records(records)
  }

  #putAside(frame: Extract<Frame, { kind: 'malformed' | 'unknown' }>, bytes: Buffer): void {
    const market = frame.kind === 'malformed' ? frame.market : null
    const reason = frame.kind === 'malformed' ? frame.reason : `type ${frame.type}`
    this.#events.aside(frame.kind, bytes.toString(), market, reason)
  }

  /** A ping or a frame of another subscription proves no books; while there are none, any frame will do. */
  #lastFrame(ingest: Ingest, now: Micros): Micros {
    return ingest.owned > 0 ? ingest.vouched : (this.line.lastFrame ?? now)
  }
}
