import type { Ladders, Level, Side } from './log.ts'
import type { Price } from './price.ts'
import { asSize, type Size, type SizeChange } from './size.ts'

/** Two ladders of bids. It holds no empty level and is changed by whole or not at all. */
export class Book {
  readonly #levels: Record<Side, Map<Price, Size>>
  readonly #sorted: Record<Side, readonly Level[] | null> = { yes: null, no: null }

  private constructor(yes: Map<Price, Size>, no: Map<Price, Size>) {
    this.#levels = { yes, no }
  }

  /** A book of these levels, in any order; null when a price stands twice or a size is zero. */
  static of(ladders: Ladders): Book | null {
    const yes = new Map(ladders.yes)
    const no = new Map(ladders.no)
    const twice = yes.size !== ladders.yes.length || no.size !== ladders.no.length
    const hollow = (levels: readonly Level[]) => levels.some(([, size]) => size <= 0)
    return twice || hollow(ladders.yes) || hollow(ladders.no) ? null : new Book(yes, no)
  }

  /**
   * Adds a signed change to one level.
   * @returns the resulting size, or null (and nothing changed) when that is none: below zero, or uncountable
   */
  apply(side: Side, price: Price, change: SizeChange): Size | null {
    const levels = this.#levels[side]
    const size = asSize((levels.get(price) ?? 0) + change)
    if (size === null) return null
    if (size === 0) levels.delete(price)
    else levels.set(price, size)
    this.#sorted[side] = null
    return size
  }

  /** One side's levels, best (highest price) first. */
  side(side: Side): readonly Level[] {
    const known = this.#sorted[side]
    if (known !== null) return known
    const levels: Level[] = [...this.#levels[side]].sort((a, b) => b[0] - a[0])
    this.#sorted[side] = levels
    return levels
  }

  /** Both sides, best first; the arrays are not changed by later deltas. */
  ladders(): Ladders {
    return { yes: this.side('yes'), no: this.side('no') }
  }
}
