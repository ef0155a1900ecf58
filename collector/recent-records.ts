import type { Seq } from '#core/log'
import type { Ticker } from '#core/ticker'

/** A record as the feed carries it. */
export type PrintedRecord = { readonly seq: Seq; readonly text: string }

/** The last records of all watched markets, to tell them again to who missed some; it holds no more than its bound. */
export class RecentRecords {
  readonly #half: number
  /** The older half gives way as a whole when the younger is full. */
  #old = new Map<Ticker, PrintedRecord[]>()
  #young = new Map<Ticker, PrintedRecord[]>()
  #count = 0

  /** @param bound records kept of all markets together */
  constructor(bound: number) {
    this.#half = Math.ceil(bound / 2)
  }

  /** Takes the next record of a market's log. */
  add(market: Ticker, record: PrintedRecord): void {
    if (this.#count >= this.#half) {
      this.#old = this.#young
      this.#young = new Map()
      this.#count = 0
    }
    this.#count += 1
    const theirs = this.#young.get(market)
    if (theirs === undefined) this.#young.set(market, [record])
    else theirs.push(record)
  }

  /** The records of a market from `have + 1` on, null when the first of them is not held. */
  after(market: Ticker, have: Seq): readonly PrintedRecord[] | null {
    const held = [...(this.#old.get(market) ?? []), ...(this.#young.get(market) ?? [])]
    const at = held.findIndex(({ seq }) => seq === have + 1)
    return at < 0 ? null : held.slice(at)
  }

  forget(market: Ticker): void {
    this.#old.delete(market)
    this.#young.delete(market)
  }

  clear(): void {
    this.#old.clear()
    this.#young.clear()
    this.#count = 0
  }
}
