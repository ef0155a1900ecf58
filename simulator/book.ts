/** Which leg of a market: bids for yes or bids for no. */
export type Side = 'yes' | 'no'

/** One price level: millionths of a dollar, hundredths of a contract. */
export type Level = readonly [price: number, size: number]

/**
 * The true book of one market: a plain map from price to size for each side. It is the truth that
 * the product is compared with, so it shares no code with the product's own book.
 */
export class Book {
  readonly yes = new Map<number, number>()
  readonly no = new Map<number, number>()

  /** Adds a signed change at a price; throws when the level would be driven below zero. */
  apply(side: Side, price: number, change: number): void {
    const size = (this[side].get(price) ?? 0) + change
    if (size < 0) throw new Error(`a level of ${side} at ${price} would be ${size}`)
    if (size === 0) this[side].delete(price)
    else this[side].set(price, size)
  }

  /** Puts other ladders in the place of both sides. */
  replace(yes: Iterable<Level>, no: Iterable<Level>): void {
    this.yes.clear()
    this.no.clear()
    for (const [price, size] of yes) this.yes.set(price, size)
    for (const [price, size] of no) this.no.set(price, size)
  }

  /** @returns the highest price of a side, or 0 when it is empty */
  best(side: Side): number {
    let best = 0
    for (const price of this[side].keys()) if (price > best) best = price
    return best
  }

  /** @returns the size resting at a price, 0 when there is none */
  size(side: Side, price: number): number {
    return this[side].get(price) ?? 0
  }

  /** @returns a side's levels, lowest price first */
  ascending(side: Side): Level[] {
    return [...this[side]].sort((a, b) => a[0] - b[0])
  }

  /** @returns whether neither side holds an order */
  isEmpty(): boolean {
    return this.yes.size === 0 && this.no.size === 0
  }
}

/** @returns the other side */
export function opposite(side: Side): Side {
  return side === 'yes' ? 'no' : 'yes'
}
