import { opposite, type Side } from './book.ts'
import { type Floor, type Stamp, stampAt } from './floor.ts'
import { indexAtMost, pricesOf } from './grid.ts'
import type { Market } from './market.ts'
import type { Random } from './random.ts'

const DOLLAR = 1_000_000
const DEEPEST = 40
const MOST_LEVELS = 45
const FEWEST_LEVELS = 3

/** One market's place at the generator: `fair` is the yes price (millionths) around which it trades. */
export type Pit = { market: Market; fair: number }

/** Makes up an opening book around the pit's fair price; a side named in `bare` stays empty. */
export function openingBook(pit: Pit, random: Random, bare: readonly Side[]): void {
  for (const side of ['yes', 'no'] as const) {
    if (bare.includes(side)) continue
    const levels = 8 + random.below(24)
    for (let level = 0; level < levels; level += 1) {
      const price = roomFor(pit, side, level + random.below(3))
      const { book } = pit.market
      if (price !== null) book.apply(side, price, orderSize(random) - book.size(side, price))
    }
  }
}

/**
 * Makes one thing happen in a market: an order, a cancel, an amend or a trade.
 * @returns how many deltas it took, at least one
 */
export function act(floor: Floor, pit: Pit, random: Random, atUs: number): number {
  const side: Side = random.chance(0.5) ? 'yes' : 'no'
  const levels = pit.market.book.depth(side)
  const stamp = stampAt(atUs)
  if (random.chance(0.03)) wander(pit, random)
  const wish = random.next()
  let deltas = 0
  if (levels < FEWEST_LEVELS || (wish < 0.4 && levels < MOST_LEVELS)) {
    deltas = place(floor, pit, side, random, stamp)
  } else if (wish < 0.7) deltas = cancel(floor, pit, side, random, stamp)
  else if (wish < 0.85) deltas = amend(floor, pit, side, random, stamp)
  else deltas = take(floor, pit, random, stamp)
  if (deltas === 0) deltas = cancel(floor, pit, side, random, stamp)
  if (deltas === 0) deltas = place(floor, pit, opposite(side), random, stamp)
  floor.quote(pit.market, atUs)
  return Math.max(1, deltas)
}

function place(floor: Floor, pit: Pit, side: Side, random: Random, stamp: Stamp): number {
  const price = roomFor(pit, side, random.geometric(0.22, DEEPEST))
  if (price === null) return 0
  floor.delta(pit.market, side, price, orderSize(random), stamp)
  return 1
}

function cancel(floor: Floor, pit: Pit, side: Side, random: Random, stamp: Stamp): number {
  const held = someLevel(pit.market, side, random)
  if (held === null) return 0
  floor.delta(pit.market, side, held.price, -partOf(held.size, random), stamp)
  return 1
}

/** An order moved to another price: two deltas of one instant, the first at the old price. */
function amend(floor: Floor, pit: Pit, side: Side, random: Random, stamp: Stamp): number {
  const { market } = pit
  const held = someLevel(market, side, random)
  if (held === null) return 0
  const grid = pricesOf(market.structure)
  const step = (random.chance(0.5) ? 1 : -1) * (1 + random.below(3))
  const price = grid[indexAtMost(grid, held.price) + step]
  if (price === undefined || price === held.price) return 0
  if (price + market.book.best(opposite(side)) >= DOLLAR) return 0
  const moved = partOf(held.size, random)
  floor.delta(market, side, held.price, -moved, stamp)
  floor.delta(market, side, price, random.chance(0.7) ? moved : orderSize(random), stamp)
  return 2
}

/** A taker crosses the spread: the best orders of the other side shrink, each price is a trade. */
function take(floor: Floor, pit: Pit, random: Random, stamp: Stamp): number {
  const { market } = pit
  const taker = takerOf(pit, random)
  const maker = opposite(taker)
  let wanted = orderSize(random)
  let deltas = 0
  for (let hit = 0; hit < 3 && wanted > 0; hit += 1) {
    const price = market.book.best(maker)
    if (price === 0) break
    const count = Math.min(wanted, market.book.size(maker, price))
    wanted -= count
    deltas += 1
    floor.delta(market, maker, price, -count, stamp)
    const yesPrice = maker === 'yes' ? price : DOLLAR - price
    const id = random.uuid()
    floor.trade({ id, market, yesPrice, count, taker, block: false, atUs: stamp.atUs })
  }
  return deltas
}

/** Who crosses: whoever finds the other side's best order better than fair. */
function takerOf(pit: Pit, random: Random): Side {
  const { market, fair } = pit
  const ask = market.book.best('no')
  if (ask > 0 && DOLLAR - ask <= fair) return 'yes'
  if (market.book.best('yes') > fair) return 'no'
  return random.chance(0.5) ? 'yes' : 'no'
}

/** The grid price this many ticks behind the best price that does not cross; null when there is none. */
function roomFor(pit: Pit, side: Side, behind: number): number | null {
  const { market, fair } = pit
  const grid = pricesOf(market.structure)
  const touch = side === 'yes' ? fair : DOLLAR - fair - 1
  const limit = Math.min(touch, DOLLAR - 1 - market.book.best(opposite(side)))
  return grid[indexAtMost(grid, limit) - behind] ?? null
}

function wander(pit: Pit, random: Random): void {
  const grid = pricesOf(pit.market.structure)
  const index = indexAtMost(grid, pit.fair) + (random.chance(0.5) ? 1 : -1)
  pit.fair = grid[Math.min(grid.length - 3, Math.max(2, index))] ?? pit.fair
}

/** Whole contracts mostly, hundredths now and then; small mostly, large now and then. */
function orderSize(random: Random): number {
  const contracts = Math.ceil(Math.exp(random.next() * 7.5))
  return random.chance(0.25) ? contracts * 100 - random.below(100) : contracts * 100
}

function partOf(size: number, random: Random): number {
  return random.chance(0.6) ? size : 1 + random.below(size)
}

/** A level that holds an order, those near the best price more often. */
function someLevel(
  market: Market,
  side: Side,
  random: Random,
): { price: number; size: number } | null {
  const { book } = market
  if (book.depth(side) === 0) return null
  let price = book.best(side)
  if (random.chance(0.7)) {
    let skip = random.below(book.depth(side))
    for (const each of book.prices(side)) {
      price = each
      if (skip === 0) break
      skip -= 1
    }
  }
  return { price, size: book.size(side, price) }
}
