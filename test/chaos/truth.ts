import type { Exchange } from '../../simulator/exchange.ts'
import { BookHash } from './book-hash.ts'

type State = { readonly atUs: number; readonly hash: number }
type Running = {
  readonly yes: Map<number, number>
  readonly no: Map<number, number>
  hash: BookHash
  readonly states: State[]
}

/** Every state that every book of an exchange was ever in, as hashes with their times. */
export class Truth {
  readonly #markets = new Map<string, Running>()
  readonly #stop: () => void

  constructor(exchange: Exchange) {
    for (const [market, book] of exchange.books()) {
      const levels = (side: [string, string][]): [number, number][] =>
        side.map(([p, s]) => [Math.round(Number(p) * 1e6), Math.round(Number(s) * 100)])
      this.#reset(market, 0, levels(book.yes), levels(book.no))
    }
    this.#stop = exchange.onBook((change) => {
      if (change.kind === 'snapshot') {
        this.#reset(change.ticker, change.atUs, change.yes, change.no)
        return
      }
      const market = this.#markets.get(change.ticker)
      if (market === undefined) return
      const side = market[change.side]
      const before = side.get(change.price) ?? 0
      const after = before + change.change
      if (before !== 0) market.hash.toggle(change.side, change.price, before)
      if (after !== 0) market.hash.toggle(change.side, change.price, after)
      if (after === 0) side.delete(change.price)
      else side.set(change.price, after)
      market.states.push({ atUs: change.atUs, hash: market.hash.value })
    })
  }

  get markets(): string[] {
    return [...this.#markets.keys()]
  }

  /** Whether the book was ever in this state between two moments (µs). */
  was(market: string, hash: number, fromUs: number, toUs: number): boolean {
    const states = this.#markets.get(market)?.states ?? []
    const first = Math.max(0, firstAfter(states, fromUs) - 1)
    return states.slice(first, firstAfter(states, toUs)).some((state) => state.hash === hash)
  }

  /** When any of these books last changed, at a moment at the latest (µs); null when none had. */
  lastChange(markets: Iterable<string>, untilUs: number): number | null {
    let last = 0
    for (const market of markets) {
      const states = this.#markets.get(market)?.states ?? []
      last = Math.max(last, states[firstAfter(states, untilUs) - 1]?.atUs ?? 0)
    }
    return last === 0 ? null : last
  }

  /** The hash of the book as it is now. */
  now(market: string): number {
    return this.#markets.get(market)?.states.at(-1)?.hash ?? Number.NaN
  }

  stop(): void {
    this.#stop()
  }

  #reset(
    market: string,
    atUs: number,
    yes: readonly (readonly [number, number])[],
    no: readonly (readonly [number, number])[],
  ): void {
    const hash = new BookHash()
    for (const [price, size] of yes) hash.toggle('yes', price, size)
    for (const [price, size] of no) hash.toggle('no', price, size)
    const states = this.#markets.get(market)?.states ?? []
    states.push({ atUs, hash: hash.value })
    this.#markets.set(market, { yes: new Map(yes), no: new Map(no), hash, states })
  }
}

/** The index of the first state later than a moment. */
function firstAfter(states: readonly State[], us: number): number {
  let low = 0
  let high = states.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((states[middle]?.atUs ?? 0) <= us) low = middle + 1
    else high = middle
  }
  return low
}
