/** What must not be forgotten of a count of market-minutes. */
export type CountedMinutes = {
  readonly total: number
  /** The last minute in which any was counted; -1 before the first. */
  readonly minute: number
}

/** Nothing was counted yet. */
export const NO_MINUTES: CountedMinutes = { total: 0, minute: -1 }

const MINUTE_US = 60_000_000

/** The UTC minute of an instant (µs), counted since 1970. */
export function minuteOf(us: number): number {
  return Math.floor(us / MINUTE_US)
}

/**
 * Whether a message brings something that the exchange said, so that its market's minute is charged: what became of a book, a
 * trade. Images, gaps, ends and all that is said of the connection itself are free.
 */
export function bringsRecord(message: {
  readonly type: string
  readonly image?: unknown
}): boolean {
  const { type, image } = message
  return type === 'deltas' || type === 'trade' || type === 'bbo' || (type === 'snapshot' && !image)
}

/** Counts a minute of one market, once. */
export function countMinute(counted: CountedMinutes, minute: number): CountedMinutes {
  return minute > counted.minute ? { total: counted.total + 1, minute } : counted
}

/** The market-minutes of one connection: each market counts once in each minute in which it brought it a record. */
export class MarketMinutes {
  /** What was counted up to this minute is in the total that was kept: nothing of it counts again. */
  readonly #keptMinute: number
  /** Markets that were counted in the current minute. */
  readonly #counted = new Set<string>()
  #total: number
  #minute: number

  constructor(kept: CountedMinutes = NO_MINUTES) {
    this.#total = kept.total
    this.#keptMinute = kept.minute
    this.#minute = kept.minute
  }

  /** The count to be kept: whoever goes on from it counts too little maybe, but nothing twice. */
  get kept(): CountedMinutes {
    return { total: this.#total, minute: this.#minute }
  }

  /** A market brought a record in a minute. A minute before the last one counts no more. */
  count(market: string, minute: number): void {
    if (minute < this.#minute || minute <= this.#keptMinute) return
    if (minute > this.#minute) this.#counted.clear()
    this.#minute = minute
    if (this.#counted.has(market)) return
    this.#counted.add(market)
    this.#total += 1
  }
}
