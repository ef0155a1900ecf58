import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/** Requests for one book's snapshot before more is tried, if the subscription answers nothing at all. */
const TRIES = 3
/** A book that never comes is asked for ever more seldom, at most this many times the patience. */
const LONGEST = 64

/** What to do about books that are not known: each step harder than the one before it. */
export type RecoveryStep =
  | { readonly kind: 'ask'; readonly markets: readonly Ticker[] }
  /** Unsubscribe and subscribe anew, on the same connection. */
  | { readonly kind: 'resubscribe' }
  | { readonly kind: 'reconnect' }

type Asked = {
  readonly at: Micros
  /** The command that asked, 0 while it waits to be sent. */
  readonly command: number
  readonly tries: number
  readonly since: Micros
}

/** Which snapshots one connection was asked for, and when to ask again or try something harder. */
export class Recovery {
  readonly #patienceUs: number
  readonly #asked = new Map<Ticker, Asked>()
  #answered: Micros | null = null
  /** The latest command that was answered: what an earlier one asked for has been passed over. */
  #reached = 0
  #resubscribed = false

  /** @param patienceMs how long an answer may take */
  constructor(patienceMs: number) {
    this.#patienceUs = patienceMs * 1000
  }

  /** A command that asks for these went out: a subscription, an addition or a get_snapshot. */
  sent(markets: Iterable<Ticker>, command: number, now: Micros): void {
    for (const market of markets) {
      const { tries, since } = this.#asked.get(market) ?? { tries: 0, since: now }
      this.#asked.set(market, { at: now, command, tries, since })
    }
  }

  /** Books just found stale: those not asked for already, however many bad frames come. */
  stale(markets: readonly Ticker[], now: Micros): readonly Ticker[] {
    const fresh = markets.filter((market) => !this.#asked.has(market))
    this.#note(fresh, now)
    return fresh
  }

  /**
   * A snapshot of a market came: it is known, and the subscription answers.
   * @param command the one that it says it answers, null when it says none
   */
  answered(market: Ticker, command: number | null, now: Micros): void {
    this.#reached = Math.max(this.#reached, command ?? this.#asked.get(market)?.command ?? 0)
    this.#asked.delete(market)
    this.#answered = now
    this.#resubscribed = false
  }

  /** These are no longer this connection's to bring. */
  forget(markets: Iterable<Ticker>): void {
    for (const market of markets) this.#asked.delete(market)
  }

  /**
   * Looks for answers that are late. One market that is never answered is that market's trouble;
   * something harder is tried when none is answered.
   */
  look(now: Micros): RecoveryStep {
    const late = [...this.#asked].filter(([, asked]) => this.#late(asked, now))
    const lost = late.some(
      ([, { tries, since }]) => tries >= TRIES && (this.#answered ?? -1) < since,
    )
    if (lost) {
      const kind = this.#resubscribed ? 'reconnect' : 'resubscribe'
      this.#resubscribed = true
      this.#asked.clear()
      return { kind }
    }
    const markets = late.map(([market]) => market)
    this.#note(markets, now)
    return { kind: 'ask', markets }
  }

  #late({ at, command, tries }: Asked, now: Micros): boolean {
    if (now - at <= this.#patienceUs * Math.min(LONGEST, 2 ** Math.max(0, tries - TRIES))) {
      return false
    }
    // Thousands of books take their time: as long as answers come and have not passed it over, its turn is still to come.
    const coming = this.#answered !== null && now - this.#answered < this.#patienceUs
    return !(coming && command >= this.#reached)
  }

  #note(markets: readonly Ticker[], now: Micros): void {
    for (const market of markets) {
      const before = this.#asked.get(market)
      const since = before?.since ?? now
      const tries = (before?.tries ?? 0) + 1
      this.#asked.set(market, { at: now, command: before?.command ?? 0, tries, since })
    }
  }
}
