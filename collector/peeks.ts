import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { peekText } from './item-text.ts'

/** Questions that wait; who asks when so many do is not answered, and does not wait for ever. */
const MOST = 10_000

/** Questions for books as they are, of markets that need not be watched. */
export class Peeks {
  readonly #logs: ReadonlyMap<Ticker, MarketLog>
  readonly #waiting = new Map<Ticker, number[]>()
  #count = 0

  constructor(logs: ReadonlyMap<Ticker, MarketLog>) {
    this.#logs = logs
  }

  get empty(): boolean {
    return this.#count === 0
  }

  /** @param ref names the question in its answer */
  ask(market: Ticker, ref: number): void {
    if (this.#count >= MOST) return
    const refs = this.#waiting.get(market)
    if (refs === undefined) this.#waiting.set(market, [ref])
    else refs.push(ref)
    this.#count += 1
  }

  /** Takes answers as items' texts, in the order in which their markets were first asked for, about so many characters. */
  take(room: number): string[] {
    const items: string[] = []
    let characters = 0
    for (const [market, refs] of this.#waiting) {
      const print = peekText(market, this.#logs.get(market))
      while (refs.length > 0 && characters < room) {
        const text = print(refs.shift() ?? 0)
        items.push(text)
        characters += text.length
        this.#count -= 1
      }
      if (refs.length > 0) break
      this.#waiting.delete(market)
      if (characters >= room) break
    }
    return items
  }

  clear(): void {
    this.#waiting.clear()
    this.#count = 0
  }
}
