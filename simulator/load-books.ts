import type { Level, Side, TrueBook } from './book.ts'

/** Prices are cents here: 1 to 99. */
const PRICES = 100
const CENT = 10_000

/**
 * The true books of very many markets in a few typed arrays: every size of every price of a one-cent
 * grid. A ladder is one side of one market, `2 × market` for yes and one more for no; prices are cents,
 * sizes hundredths of a contract.
 */
export class LoadBooks {
  readonly sizes: Int32Array
  /** highest price of each ladder, 0 when it is empty */
  readonly bests: Uint8Array
  /** how many levels each ladder has */
  readonly depths: Uint8Array

  constructor(markets: number) {
    this.sizes = new Int32Array(2 * markets * PRICES)
    this.bests = new Uint8Array(2 * markets)
    this.depths = new Uint8Array(2 * markets)
  }

  /** @returns the size at a price of a ladder */
  size(ladder: number, price: number): number {
    return this.sizes[ladder * PRICES + price] ?? 0
  }

  /** Sets the size at a price of a ladder, and what follows from it. Throws when it is below zero. */
  set(ladder: number, price: number, size: number): void {
    if (size < 0) throw new Error(`a level at ${price} cents would be ${size}`)
    const place = ladder * PRICES + price
    const before = this.sizes[place] ?? 0
    this.sizes[place] = size
    if (before === 0 && size > 0) {
      this.depths[ladder] = (this.depths[ladder] ?? 0) + 1
      if (price > (this.bests[ladder] ?? 0)) this.bests[ladder] = price
    } else if (before > 0 && size === 0) {
      this.depths[ladder] = (this.depths[ladder] ?? 0) - 1
      if (price === this.bests[ladder]) this.bests[ladder] = this.below(ladder, price)
    }
  }

  /** @returns the highest price of a ladder below this one that holds an order, or 0 */
  below(ladder: number, price: number): number {
    let next = price - 1
    while (next > 0 && this.sizes[ladder * PRICES + next] === 0) next -= 1
    return next
  }

  /** @returns the book of a market, in millionths, as all else in the exchange sees it */
  book(market: number): TrueBook {
    return new LoadBook(this, 2 * market)
  }
}

class LoadBook implements TrueBook {
  readonly #books: LoadBooks
  readonly #yes: number

  constructor(books: LoadBooks, yes: number) {
    this.#books = books
    this.#yes = yes
  }

  apply(side: Side, price: number, change: number): void {
    const ladder = this.#ladder(side)
    this.#books.set(ladder, price / CENT, this.#books.size(ladder, price / CENT) + change)
  }

  replace(yes: Iterable<Level>, no: Iterable<Level>): void {
    for (const [side, levels] of [['yes', [...yes]] as const, ['no', [...no]] as const]) {
      for (const price of [...this.prices(side)])
        this.#books.set(this.#ladder(side), price / CENT, 0)
      for (const [price, size] of levels) this.#books.set(this.#ladder(side), price / CENT, size)
    }
  }

  best(side: Side): number {
    return (this.#books.bests[this.#ladder(side)] ?? 0) * CENT
  }

  size(side: Side, price: number): number {
    return this.#books.size(this.#ladder(side), price / CENT)
  }

  depth(side: Side): number {
    return this.#books.depths[this.#ladder(side)] ?? 0
  }

  prices(side: Side): Iterable<number> {
    return this.ascending(side).map(([price]) => price)
  }

  ascending(side: Side): Level[] {
    const ladder = this.#ladder(side)
    const levels: Level[] = []
    for (let price = 1; price < PRICES; price += 1) {
      const size = this.#books.size(ladder, price)
      if (size > 0) levels.push([price * CENT, size])
    }
    return levels
  }

  #ladder(side: Side): number {
    return side === 'yes' ? this.#yes : this.#yes + 1
  }
}
