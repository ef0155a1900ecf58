import type { Level } from './log.ts'
import type { Price } from './price.ts'
import type { Size } from './size.ts'

/**
 * One side of a book as a list, best (highest price) first, in which a level is known by its rank from 0. It is kept from the
 * lowest price to the best: most changes come near the best, where little has to move.
 */
export class RankedLadder {
  readonly #prices: Price[] = []
  readonly #sizes: Size[] = []

  /** @param levels best first */
  constructor(levels: readonly Level[]) {
    for (let i = levels.length - 1; i >= 0; i -= 1) {
      const level = levels[i]
      if (level === undefined) continue
      this.#prices.push(level[0])
      this.#sizes.push(level[1])
    }
  }

  /** The best price, or null when the side is empty. */
  get best(): Price | null {
    return this.price(0)
  }

  price(rank: number): Price | null {
    return this.#prices[this.#prices.length - 1 - rank] ?? null
  }

  /** The size at a rank, 0 where no level is. */
  size(rank: number): number {
    return this.#sizes[this.#sizes.length - 1 - rank] ?? 0
  }

  /** The rank that a price has, or would have. */
  rank(price: Price): number {
    const prices = this.#prices
    let low = 0
    let high = prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((prices[middle] ?? 0) > price) high = middle
      else low = middle + 1
    }
    return prices.length - low
  }

  /** All levels, best first. */
  levels(): readonly Level[] {
    const levels: Level[] = []
    for (let at = this.#prices.length - 1; at >= 0; at -= 1) {
      levels.push([this.#prices[at] as Price, this.#sizes[at] as Size])
    }
    return levels
  }

  /** Gives the level of a price a new size; 0 takes it away. */
  set(price: Price, size: Size): void {
    this.setAt(this.rank(price), price, size)
  }

  /** The same where the rank of the price is known. */
  setAt(rank: number, price: Price, size: Size): void {
    const at = this.#prices.length - 1 - rank
    const there = this.#prices[at] === price
    if (there && size > 0) this.#sizes[at] = size
    else if (there) {
      remove(this.#prices, at)
      remove(this.#sizes, at)
    } else if (size > 0) {
      insert(this.#prices, at + 1, price)
      insert(this.#sizes, at + 1, size)
    }
  }
}

// Done by hand: splice makes a list of what it takes out, each time.

function insert<Value>(list: Value[], at: number, value: Value): void {
  list.push(value)
  for (let i = list.length - 1; i > at; i -= 1) list[i] = list[i - 1] as Value
  list[at] = value
}

function remove<Value>(list: Value[], at: number): void {
  for (let i = at; i < list.length - 1; i += 1) list[i] = list[i + 1] as Value
  list.length -= 1
}
