import type { Level } from './log.ts'
import type { Price } from './price.ts'
import type { Size } from './size.ts'

/** One side of a book as a list, best (highest price) first, in which a level is known by its rank from 0. */
export class RankedLadder {
  readonly #prices: Price[]
  readonly #sizes: Size[]

  /** @param levels best first */
  constructor(levels: readonly Level[]) {
    this.#prices = levels.map(([price]) => price)
    this.#sizes = levels.map(([, size]) => size)
  }

  /** The best price, or null when the side is empty. */
  get best(): Price | null {
    return this.#prices[0] ?? null
  }

  price(rank: number): Price | null {
    return this.#prices[rank] ?? null
  }

  /** The size at a rank, 0 where no level is. */
  size(rank: number): number {
    return this.#sizes[rank] ?? 0
  }

  /** The rank that a price has, or would have. */
  rank(price: Price): number {
    let low = 0
    let high = this.#prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#prices[middle] ?? 0) > price) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Gives the level of a price a new size; 0 takes it away. */
  set(price: Price, size: Size): void {
    const rank = this.rank(price)
    const there = this.#prices[rank] === price ? 1 : 0
    if (size === 0) {
      this.#prices.splice(rank, there)
      this.#sizes.splice(rank, there)
    } else if (there === 1) {
      this.#sizes[rank] = size
    } else {
      this.#prices.splice(rank, 0, price)
      this.#sizes.splice(rank, 0, size)
    }
  }
}
