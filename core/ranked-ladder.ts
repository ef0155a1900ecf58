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

  /** All levels, best first. */
  levels(): readonly Level[] {
    return this.#prices.map((price, rank): Level => [price, this.#sizes[rank] as Size])
  }

  /** Gives the level of a price a new size; 0 takes it away. */
  set(price: Price, size: Size): void {
    this.setAt(this.rank(price), price, size)
  }

  /** The same where the rank of the price is known. */
  setAt(rank: number, price: Price, size: Size): void {
    const there = this.#prices[rank] === price
    if (there && size > 0) this.#sizes[rank] = size
    else if (there) {
      remove(this.#prices, rank)
      remove(this.#sizes, rank)
    } else if (size > 0) {
      insert(this.#prices, rank, price)
      insert(this.#sizes, rank, size)
    }
  }
}

// Done by hand: splice makes a list of what it takes out, each time.

function insert<Value>(list: Value[], at: number, value: Value): void {
  list.push(value)
  for (let i = list.length - 1; i > at; i -= 1) list[i] = list[i - 1] ?? value
  list[at] = value
}

function remove<Value>(list: Value[], at: number): void {
  for (let i = at; i < list.length - 1; i += 1) list[i] = list[i + 1] ?? (list[i] as Value)
  list.length -= 1
}
