import type { Ladders, Level, Side } from './log.ts'
import type { Price } from './price.ts'
import { asSize, type Size, type SizeChange } from './size.ts'

/**
 * One side as numbers alone, a level's price and then its size, from the lowest price to the best: tens of thousands of
 * books are held at once, and most changes come near the best, where little has to move.
 */
type Ladder = number[]

/** Two ladders of bids. It holds no empty level and is changed by whole or not at all. */
export class Book {
  readonly #yes: Ladder
  readonly #no: Ladder

  private constructor(yes: Ladder, no: Ladder) {
    this.#yes = yes
    this.#no = no
  }

  /** A book of these levels, in any order; null when a price stands twice or a size is zero. */
  static of(ladders: Ladders): Book | null {
    const yes = ladderOf(ladders.yes)
    const no = ladderOf(ladders.no)
    return yes === null || no === null ? null : new Book(yes, no)
  }

  /**
   * Adds a signed change to one level.
   * @returns the resulting size, or null (and nothing changed) when that is none: below zero, or uncountable
   */
  apply(side: Side, price: Price, change: SizeChange): Size | null {
    const ladder = side === 'yes' ? this.#yes : this.#no
    const at = placeOf(ladder, price)
    const there = ladder[at] === price
    const size = asSize((there ? (ladder[at + 1] ?? 0) : 0) + change)
    if (size === null) return null
    if (there && size > 0) ladder[at + 1] = size
    else if (there) remove(ladder, at)
    else if (size > 0) insert(ladder, at, price, size)
    return size
  }

  /** How much rests at a price, zero when it is no level. */
  size(side: Side, price: Price): Size {
    const ladder = side === 'yes' ? this.#yes : this.#no
    const at = placeOf(ladder, price)
    return (ladder[at] === price ? (ladder[at + 1] ?? 0) : 0) as Size
  }

  /** One side's levels, best (highest price) first. */
  side(side: Side): readonly Level[] {
    const ladder = side === 'yes' ? this.#yes : this.#no
    return bestOf(ladder, ladder.length)
  }

  /** One side's `most` best levels, best first. */
  top(side: Side, most: number): readonly Level[] {
    return bestOf(side === 'yes' ? this.#yes : this.#no, most)
  }

  /** One side's highest bid, null when the side is empty. */
  best(side: Side): Level | null {
    const ladder = side === 'yes' ? this.#yes : this.#no
    return ladder.length === 0 ? null : levelAt(ladder, ladder.length - 2)
  }

  /** Both sides, best first; the arrays are not changed by later deltas. */
  ladders(): Ladders {
    return { yes: this.side('yes'), no: this.side('no') }
  }
}

function ladderOf(levels: readonly Level[]): Ladder | null {
  const given: Ladder = []
  let below = 0
  let ordered = true
  for (let i = levels.length - 1; i >= 0; i -= 1) {
    const level = levels[i]
    if (level === undefined || level[1] <= 0) return null
    given.push(level[0], level[1])
    ordered &&= level[0] > below
    below = level[0]
  }
  // A copy takes no more room than its levels, where a list that grew keeps room to grow.
  if (ordered) return given.slice()
  const sorted = [...levels].sort((a, b) => a[0] - b[0])
  const twice = sorted.some(([price], i) => i > 0 && sorted[i - 1]?.[0] === price)
  return twice ? null : sorted.flat()
}

/** Where the level of a price is, or would be. */
function placeOf(ladder: Ladder, price: number): number {
  let low = 0
  let high = ladder.length >> 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ladder[middle * 2] ?? 0) < price) low = middle + 1
    else high = middle
  }
  return low * 2
}

function insert(ladder: Ladder, at: number, price: number, size: number): void {
  ladder.push(0, 0)
  for (let i = ladder.length - 1; i > at + 1; i -= 1) ladder[i] = ladder[i - 2] ?? 0
  ladder[at] = price
  ladder[at + 1] = size
}

function remove(ladder: Ladder, at: number): void {
  for (let i = at; i < ladder.length - 2; i += 1) ladder[i] = ladder[i + 2] ?? 0
  ladder.length -= 2
}

function bestOf(ladder: Ladder, most: number): Level[] {
  const levels: Level[] = []
  const end = Math.max(0, ladder.length - 2 * most)
  for (let at = ladder.length - 2; at >= end; at -= 2) levels.push(levelAt(ladder, at))
  return levels
}

function levelAt(ladder: Ladder, at: number): Level {
  return [(ladder[at] ?? 0) as Price, (ladder[at + 1] ?? 0) as Size]
}
