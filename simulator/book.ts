/** Which leg of a market: bids for yes or bids for no. */
export type Side = 'yes' | 'no'

/** One price level: millionths of a dollar, hundredths of a contract. */
export type Level = readonly [price: number, size: number]

/**
 * The true book of one market. It is the truth that the product is compared with, so it shares no
 * code with the product's own book.
 */
export type TrueBook = {
  /** Adds a signed change at a price; throws when the level would be driven below zero. */
  apply(side: Side, price: number, change: number): void
  /** Puts other ladders in the place of both sides. */
  replace(yes: Iterable<Level>, no: Iterable<Level>): void
  /** @returns the highest price of a side, or 0 when it is empty */
  best(side: Side): number
  /** @returns the size resting at a price, 0 when there is none */
  size(side: Side, price: number): number
  /** @returns how many levels a side has */
  depth(side: Side): number
  /** @returns a side's prices, in no particular order */
  prices(side: Side): Iterable<number>
  /** @returns a side's levels, lowest price first */
  ascending(side: Side): Level[]
}

/** A true book as a plain map from price to size for each side. */
export class MapBook implements TrueBook {
  readonly #levels = { yes: new Map<number, number>(), no: new Map<number, number>() }

  apply(side: Side, price: number, change: number): void {
    const ladder = this.#levels[side]
    const size = (ladder.get(price) ?? 0) + change
    if (size < 0) throw new Error(`a level of ${side} at ${price} would be ${size}`)
    if (size === 0) ladder.delete(price)
    else ladder.set(price, size)
  }

  replace(yes: Iterable<Level>, no: Iterable<Level>): void {
    this.#levels.yes = new Map(yes)
    this.#levels.no = new Map(no)
  }

  best(side: Side): number {
    let best = 0
    for (const price of this.#levels[side].keys()) if (price > best) best = price
    return best
  }

  size(side: Side, price: number): number {
    return this.#levels[side].get(price) ?? 0
  }

  depth(side: Side): number {
    return this.#levels[side].size
  }

  prices(side: Side): Iterable<number> {
    return this.#levels[side].keys()
  }

  ascending(side: Side): Level[] {
    return [...this.#levels[side]].sort((a, b) => a[0] - b[0])
  }
}

/** @returns the other side */
export function opposite(side: Side): Side {
  return side === 'yes' ? 'no' : 'yes'
}
