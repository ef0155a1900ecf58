import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/** Requests for one book's snapshot before its connection is given up, if it answers nothing at all. */
const TRIES = 3
/** A book that never comes is asked for ever more seldom, at most this many times the patience. */
const LONGEST = 64

/** What to do about books that are not known. */
export type RecoveryStep =
  | { readonly kind: 'ask'; readonly markets: readonly Ticker[] }
  | { readonly kind: 'give_up' }

type Asked = { readonly at: Micros; readonly tries: number; readonly since: Micros }

/** Which snapshots one connection was asked for, and when to ask again or give up. */
export class Recovery {
  readonly #patienceUs: number
  readonly #asked = new Map<Ticker, Asked>()
  #answered: Micros | null = null

  /** @param patienceMs how long an answer may take */
  constructor(patienceMs: number) {
    this.#patienceUs = patienceMs * 1000
  }

  /** The subscription itself asks for these. */
  subscribed(markets: Iterable<Ticker>, now: Micros): void {
    for (const market of markets) this.#asked.set(market, { at: now, tries: 0, since: now })
  }

  /** Books just found stale: those not asked for already, however many bad frames come. */
  stale(markets: readonly Ticker[], now: Micros): readonly Ticker[] {
    const fresh = markets.filter((market) => !this.#asked.has(market))
    this.#note(fresh, now)
    return fresh
  }

  /** A snapshot of a market came: it is known, and the connection answers. */
  answered(market: Ticker, now: Micros): void {
    this.#asked.delete(market)
    this.#answered = now
  }

  /**
   * Looks for answers that are late. One market that is never answered is that market's trouble;
   * the connection is given up when it answers for none.
   */
  look(now: Micros): RecoveryStep {
    const late = [...this.#asked].filter(
      ([, { at, tries }]) =>
        now - at > this.#patienceUs * Math.min(LONGEST, 2 ** Math.max(0, tries - TRIES)),
    )
    const lost = late.some(
      ([, { tries, since }]) => tries >= TRIES && (this.#answered ?? -1) < since,
    )
    if (lost) return { kind: 'give_up' }
    const markets = late.map(([market]) => market)
    this.#note(markets, now)
    return { kind: 'ask', markets }
  }

  #note(markets: readonly Ticker[], now: Micros): void {
    for (const market of markets) {
      const before = this.#asked.get(market)
      const since = before?.since ?? now
      this.#asked.set(market, { at: now, tries: (before?.tries ?? 0) + 1, since })
    }
  }
}
