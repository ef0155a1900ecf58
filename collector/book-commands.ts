import type { Micros } from '#core/instant'
import { bookCommand } from '#core/kalshi/commands'
import type { Frame } from '#core/kalshi/decode'
import { errorMeaning } from '#core/kalshi/error-meaning'
import type { GapCause } from '#core/log'
import type { Owners } from '#core/owners'
import { Recovery, type RecoveryStep } from '#core/recovery'
import { type Request, Requests } from '#core/requests'
import type { Ticker } from '#core/ticker'
import type { ExchangeConfig } from './exchange-config.ts'

/** What an answer of the exchange means for the connection. */
export type Verdict =
  | { readonly kind: 'fine' }
  /** The subscription is over, whatever the exchange thinks. */
  | { readonly kind: 'over'; readonly cause: GapCause; readonly reason: string }
  /** The connection is of no more use. */
  | { readonly kind: 'useless'; readonly reason: string }
  /** The exchange has no room for these on this connection. */
  | { readonly kind: 'full'; readonly markets: readonly Ticker[] }

export type BookCommandsOptions = {
  /** The connection's number. */
  readonly number: number
  readonly config: ExchangeConfig
  readonly owners: Owners
  readonly send: (text: string) => void
}

const FINE: Verdict = { kind: 'fine' }

/** What one connection asks about its books: sends it, hears whether it is done, asks again. */
export class BookCommands {
  readonly #number: number
  readonly #config: ExchangeConfig
  readonly #owners: Owners
  readonly #write: (text: string) => void
  readonly #requests: Requests
  #recovery: Recovery
  /** The subscription that is asked, null while there is none. */
  #sid: number | null = null

  constructor({ number, config, owners, send }: BookCommandsOptions) {
    this.#number = number
    this.#config = config
    this.#owners = owners
    this.#write = send
    this.#requests = new Requests({
      chunk: config.COMMAND_MARKETS,
      perSecond: config.COMMANDS_PER_S,
      patienceMs: config.RECOVERY_MS,
    })
    this.#recovery = new Recovery(config.RECOVERY_MS)
  }

  /** A new connection: nothing was asked of it yet, and none of its subscriptions is known to be bad. */
  restart(): void {
    this.#recovery = new Recovery(this.#config.RECOVERY_MS)
    this.subscribe()
  }

  /** Asks in a new subscription for every market that is to be this connection's. */
  subscribe(): void {
    this.#requests.restart()
    for (const { market, target } of this.#owners.all()) {
      if (target === this.#number) this.#requests.add([market])
    }
  }

  /** Sends nothing until then. */
  rest(until: number): void {
    this.#requests.rest(until)
  }

  /** Adds markets to the subscription. */
  add(markets: readonly Ticker[]): void {
    this.#requests.add(markets)
  }

  /** Takes markets out of it. */
  remove(markets: readonly Ticker[]): void {
    this.#recovery.forget(markets)
    this.#requests.remove(markets)
  }

  /** Whether a market has yet to leave the subscription, seen from the answer to a command; null: from no answer. */
  leaving(market: Ticker, answered: number | null): boolean {
    return this.#requests.leaving(market, answered)
  }

  /** Asks for snapshots of books that were found stale, unless they have been asked for. */
  recover(markets: readonly Ticker[], now: Micros): void {
    this.#requests.snapshot(this.#recovery.stale(markets, now))
  }

  /** Asks for the snapshot of a book that is known, or for anything, only to hear of it. */
  probe(known: Ticker | null): void {
    if (known !== null) this.#requests.snapshot([known])
    else this.#send(this.#requests.urgent('list', null))
  }

  unsubscribe(sid: number): void {
    this.#send(this.#requests.urgent('unsubscribe', sid))
  }

  /** Asks again for books that are late; answers what is to be done, and whether anything was asked. */
  look(now: Micros): RecoveryStep {
    const step = this.#recovery.look(now)
    if (step.kind !== 'ask') return step
    // A snapshot alone proves no subscription, and one that was never shown may have come to nothing.
    this.#requests.add(step.markets.filter((market) => !this.#owns(market)))
    this.#requests.snapshot(step.markets)
    return step
  }

  /** Sends what may be sent now. */
  pump(sid: number | null, now: Micros): void {
    this.#sid = sid
    for (;;) {
      const request = this.#requests.next(sid, now)
      if (request === null) return
      if (request.kind !== 'delete') this.#note(request, now)
      this.#send(request)
    }
  }

  /** Takes a frame that may answer a command, after its books have been seen to. */
  answer(frame: Frame, now: Micros): Verdict {
    switch (frame.kind) {
      case 'snapshot':
        this.#requests.came(frame.market, frame.id)
        this.#shown(frame.market, frame.id, now)
        return FINE
      case 'subscribed':
      case 'unsubscribed':
      case 'ok':
        this.#requests.done(frame.id)
        return FINE
      case 'error':
        return this.#refused(frame, now)
      default:
        return FINE
    }
  }

  #shown(market: Ticker, command: number | null, now: Micros): void {
    const followed = this.#owners.get(market)
    if (this.#owns(market)) {
      if (followed?.log.known) this.#recovery.answered(market, command, now)
    } else if (followed?.target !== this.#number) this.#recovery.forget([market])
  }

  #owns(market: Ticker): boolean {
    return this.#owners.get(market)?.owner?.connection === this.#number
  }

  #refused(frame: Extract<Frame, { kind: 'error' }>, now: Micros): Verdict {
    const request = this.#requests.refused(frame.id)
    const meaning = errorMeaning(frame.code)
    const reason = `error ${frame.code}: ${frame.message}`
    switch (meaning.kind) {
      case 'ended':
        // One of a sid that is known has ended its subscription already; one that names none ends all.
        return frame.sid === null ? { kind: 'over', cause: meaning.cause, reason } : FINE
      case 'unknown_sid': {
        const ours = request !== null && request.sid !== null && request.sid === this.#sid
        return ours ? { kind: 'over', cause: 'cut', reason } : FINE
      }
      case 'full': {
        const markets = request === null ? [] : this.#requests.full(request)
        this.#recovery.forget(request?.markets ?? [])
        return markets.length === 0 ? FINE : { kind: 'full', markets }
      }
      case 'slower':
        this.#requests.slower(now)
        if (request !== null) this.#requests.again(request)
        return FINE
      case 'again':
        if (request !== null) this.#requests.again(request)
        return FINE
      case 'unauthorized':
        return { kind: 'useless', reason }
      case 'refused':
        return FINE
    }
  }

  /** Notes what a command asks for; a known book that is asked about is no recovery. */
  #note({ id, markets }: Request, now: Micros): void {
    const wanted = markets.filter((market) => {
      const followed = this.#owners.get(market)
      return followed !== undefined && !(this.#owns(market) && followed.log.known)
    })
    this.#recovery.sent(wanted, id, now)
  }

  #send(request: Request): void {
    this.#write(bookCommand(request))
  }
}
