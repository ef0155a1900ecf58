import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/** One command to the exchange, before it is written down. */
export type Request = {
  readonly id: number
  readonly kind: 'subscribe' | 'unsubscribe' | 'add' | 'delete' | 'snapshot' | 'list'
  /** Null for `subscribe` and `list`. */
  readonly sid: number | null
  readonly markets: readonly Ticker[]
}

export type RequestBounds = {
  /** Markets named in one command at most. */
  readonly chunk: number
  readonly perSecond: number
  /** How long an answer is waited for, in ms. */
  readonly patienceMs: number
}

/** Commands without an answer at most: as many books as these name may be on their way at once. */
const OUTSTANDING = 16
/** The wait after a first `too many requests`, which doubles, and the longest. */
const SLOWER_US = [250_000, 10_000_000] as const
/** For so long after it one command at a time. */
const CAREFUL_US = 60_000_000

type Outstanding = { readonly request: Request; readonly at: Micros; left: number }

/**
 * What one connection has yet to ask of the exchange about its books, and what it has asked and not heard of. What is
 * yet to be asked is kept by market, so it is bounded by them; commands are cut from it when they may go out.
 */
export class Requests {
  readonly #bounds: RequestBounds
  readonly #adds = new Set<Ticker>()
  readonly #deletes = new Set<Ticker>()
  readonly #snapshots = new Set<Ticker>()
  readonly #outstanding = new Map<number, Outstanding>()
  /** Markets that are being taken out, and the command that says so: none yet while it waits to be sent. */
  readonly #leaving = new Map<Ticker, number>()
  /** A subscription was asked for: a second one would be another, or none. */
  #subscribing = false
  /** Markets named in one addition at most, while the exchange takes no more. */
  #additions: number
  #id = 0
  #tokens: number
  #filled = 0
  #from = 0
  #slowed = 0
  #careful = 0

  constructor(bounds: RequestBounds) {
    this.#bounds = bounds
    this.#additions = bounds.chunk
    this.#tokens = bounds.perSecond
  }

  /** How many markets wait to be asked about. */
  get waiting(): number {
    return this.#adds.size + this.#deletes.size + this.#snapshots.size
  }

  add(markets: Iterable<Ticker>): void {
    for (const market of markets) this.#adds.add(market)
  }

  /** Takes markets out of the subscription; before any of them is added again. */
  remove(markets: Iterable<Ticker>): void {
    for (const market of markets) {
      this.#adds.delete(market)
      this.#snapshots.delete(market)
      this.#delete(market)
    }
  }

  /**
   * Whether a market has yet to be taken out of the subscription: what is shown of it then is not followed by its changes.
   * @param answered the command that showed it, null when none did
   */
  leaving(market: Ticker, answered: number | null): boolean {
    const command = this.#leaving.get(market)
    return command !== undefined && (answered === null || answered < command)
  }

  snapshot(markets: Iterable<Ticker>): void {
    for (const market of markets) this.#snapshots.add(market)
  }

  /** Forgets everything: another subscription begins. */
  restart(): void {
    this.#adds.clear()
    this.#deletes.clear()
    this.#snapshots.clear()
    this.#outstanding.clear()
    this.#leaving.clear()
    this.#subscribing = false
  }

  /** A command outside the queue: `unsubscribe`, or `list` only to hear something. */
  urgent(kind: 'unsubscribe' | 'list', sid: number | null): Request {
    this.#id += 1
    return { id: this.#id, kind, sid, markets: [] }
  }

  /**
   * The command to be sent now, or null when there is nothing to ask or it has to wait. It counts as sent.
   * @param sid the subscription of books, null while there is none
   */
  next(sid: number | null, now: Micros): Request | null {
    this.#expire(now)
    const most = now < this.#careful ? 1 : OUTSTANDING
    if (now < this.#from || this.#outstanding.size >= most) return null
    const [kind, set] = this.#turn(sid)
    if (set.size === 0 || !this.#pay(now)) return null
    const adds = kind === 'subscribe' || kind === 'add'
    const markets = firstOf(set, adds ? this.#additions : this.#bounds.chunk)
    for (const market of markets) set.delete(market)
    this.#id += 1
    const request: Request = { id: this.#id, kind, sid, markets }
    this.#outstanding.set(this.#id, { request, at: now, left: markets.length })
    if (kind === 'subscribe') this.#subscribing = true
    if (kind === 'delete') for (const market of markets) this.#leaving.set(market, this.#id)
    return request
  }

  /** A command was done. */
  done(id: number | null): void {
    this.#reached(id)
    if (id === null || !this.#outstanding.delete(id)) return
    this.#slowed = 0
  }

  /** A snapshot came; a get_snapshot is done when it has brought all that it named. */
  came(market: Ticker, id: number | null): void {
    this.#snapshots.delete(market)
    this.#reached(id)
    const outstanding = id === null ? undefined : this.#outstanding.get(id)
    if (outstanding === undefined) return
    outstanding.left -= 1
    if (outstanding.left <= 0) this.done(id)
  }

  /** A command was not done; answers which it was. */
  refused(id: number | null): Request | null {
    this.#reached(id)
    const request = id === null ? undefined : this.#outstanding.get(id)?.request
    if (request === undefined) return null
    if (request.kind === 'subscribe') this.#subscribing = false
    this.#outstanding.delete(request.id)
    return request
  }

  /** Asks the same again. */
  again({ kind, markets }: Request): void {
    if (kind === 'subscribe' || kind === 'add') this.add(markets)
    if (kind === 'snapshot') this.snapshot(markets)
    if (kind === 'delete') for (const market of markets) this.#delete(market)
  }

  /** Sends nothing until then. */
  rest(until: number): void {
    this.#from = Math.max(this.#from, until)
  }

  /** The exchange wants fewer commands: none for a while, for ever longer until one is done. */
  slower(now: Micros): void {
    // Several that were under way are refused together.
    if (now < this.#from) return
    const [first, longest] = SLOWER_US
    this.#careful = now + CAREFUL_US
    this.rest(now + Math.min(longest, first * 2 ** Math.min(this.#slowed, 10)))
    this.#slowed += 1
  }

  /**
   * The subscription may not hold so many more.
   * @returns the markets that it has no room for: none as long as fewer at once may fit
   */
  full(request: Request): readonly Ticker[] {
    if (request.markets.length > 1) {
      this.#additions = Math.ceil(request.markets.length / 2)
      this.again(request)
      return []
    }
    this.#additions = this.#bounds.chunk
    const refused = [...request.markets, ...this.#adds]
    this.#adds.clear()
    return refused
  }

  #delete(market: Ticker): void {
    this.#deletes.add(market)
    this.#leaving.set(market, Number.POSITIVE_INFINITY)
  }

  /** A command was answered, and so those before it were done or refused: they are taken in their order. */
  #reached(id: number | null): void {
    if (id === null || this.#leaving.size === 0) return
    for (const [market, command] of this.#leaving) if (command <= id) this.#leaving.delete(market)
  }

  #turn(sid: number | null): [Request['kind'], Set<Ticker>] {
    // Markets are added to the subscription when it has a sid: two subscribes would not make two.
    if (sid === null) return ['subscribe', this.#subscribing ? new Set() : this.#adds]
    if (this.#deletes.size > 0) return ['delete', this.#deletes]
    return this.#adds.size > 0 ? ['add', this.#adds] : ['snapshot', this.#snapshots]
  }

  /** What is not answered in time is not waited for: whoever asked for a book asks again. */
  #expire(now: Micros): void {
    for (const [id, { at }] of this.#outstanding) {
      if (now - at <= this.#bounds.patienceMs * 1000) return
      this.#outstanding.delete(id)
    }
  }

  #pay(now: Micros): boolean {
    const { perSecond } = this.#bounds
    const gained = ((now - this.#filled) * perSecond) / 1_000_000
    // No more at once than a tenth of a second's worth.
    this.#tokens = Math.min(Math.max(1, perSecond / 10), this.#tokens + gained)
    this.#filled = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

function firstOf(markets: Iterable<Ticker>, count: number): Ticker[] {
  const first: Ticker[] = []
  for (const market of markets) {
    if (first.length >= count) break
    first.push(market)
  }
  return first
}
