import type { Micros } from './instant.ts'
import type { Ticker } from './ticker.ts'

/** Requests for one book's snapshot before its connection is given up. */
const TRIES = 3

/** What to do about books that are not known. */
export type RecoveryStep =
  | { readonly kind: 'ask'; readonly markets: readonly Ticker[] }
  | { readonly kind: 'give_up' }

type Asked = { readonly at: Micros; readonly tries: number }

/** Which snapshots one connection was asked for, and when to ask again or give up. */
export class Recovery {
  readonly #patienceUs: number
  readonly #asked = new Map<Ticker, Asked>()

  /** @param patienceMs how long an answer may take */
  constructor(patienceMs: number) {
    this.#patienceUs = patienceMs * 1000
  }

  /** The subscription itself asks for these. */
  subscribed(markets: Iterable<Ticker>, now: Micros): void {
    for (const market of markets) this.#asked.set(market, { at: now, tries: 0 })
  }

  /** Books just found stale: those not asked for already, however many bad frames come. */
  stale(markets: readonly Ticker[], now: Micros): readonly Ticker[] {
    const fresh = markets.filter((market) => !this.#asked.has(market))
    this.#note(fresh, now)
    return fresh
  }

  /** A book is known again. */
  known(market: Ticker): void {
    this.#asked.delete(market)
  }

  /** Looks for answers that are late. */
  look(now: Micros): RecoveryStep {
    const late = [...this.#asked].filter(([, asked]) => now - asked.at > this.#patienceUs)
    if (late.some(([, asked]) => asked.tries >= TRIES)) return { kind: 'give_up' }
    const markets = late.map(([market]) => market)
    this.#note(markets, now)
    return { kind: 'ask', markets }
  }

  #note(markets: readonly Ticker[], now: Micros): void {
    for (const market of markets) {
      this.#asked.set(market, { at: now, tries: (this.#asked.get(market)?.tries ?? 0) + 1 })
    }
  }
}
