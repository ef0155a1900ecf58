import { type Price, printPrice } from '#core/price'

/** A stretch of prices with one tick: millionths of a dollar, `end` exclusive. */
export type Band = { start: number; end: number; step: number }

const edges = (edge: number, center: number): Band[] => [
  { start: 0, end: 100_000, step: edge },
  { start: 100_000, end: 900_000, step: center },
  { start: 900_000, end: 1_000_000, step: edge },
]

/** The price level structures that this exchange lists, each with its bands. */
const STRUCTURES: Record<string, readonly Band[]> = {
  linear_cent: [{ start: 0, end: 1_000_000, step: 10_000 }],
  deci_cent: [{ start: 0, end: 1_000_000, step: 1_000 }],
  tapered_deci_cent: edges(1_000, 10_000),
  center_whole_edge_half_cent: edges(5_000, 10_000),
  center_half_edge_quint_cent: edges(2_000, 5_000),
  center_deci_edge_centi_cent: [
    { start: 0, end: 10_000, step: 100 },
    { start: 10_000, end: 990_000, step: 1_000 },
    { start: 990_000, end: 1_000_000, step: 100 },
  ],
}

/** @returns the bands of a structure; throws for a name that this exchange does not list */
export function bandsOf(structure: string): readonly Band[] {
  const bands = STRUCTURES[structure]
  if (bands === undefined) throw new Error(`unknown price level structure ${structure}`)
  return bands
}

/** @returns every price of a structure's grid inside ($0, $1), ascending, in millionths */
export function pricesOf(structure: string): readonly number[] {
  const known = pricesByStructure.get(structure)
  if (known !== undefined) return known
  const prices: number[] = []
  for (const { start, end, step } of bandsOf(structure)) {
    for (let price = start; price < end; price += step) if (price > 0) prices.push(price)
  }
  pricesByStructure.set(structure, prices)
  return prices
}

const pricesByStructure = new Map<string, readonly number[]>()

/** Prints a structure's bands as `price_ranges`, in decimal dollars. */
export function printRanges(structure: string): { start: string; end: string; step: string }[] {
  return bandsOf(structure).map(({ start, end, step }) => ({
    start: printDollars(start),
    end: printDollars(end),
    step: printDollars(step),
  }))
}

/** Prints millionths as decimal dollars with the two bounds, $0 and $1, allowed. */
export function printDollars(millionths: number): string {
  if (millionths <= 0) return '0.0000'
  return millionths >= 1_000_000 ? '1.0000' : printPrice(millionths as Price)
}

/** @returns the index of the greatest grid price that is at most this, or -1 when there is none */
export function indexAtMost(prices: readonly number[], price: number): number {
  let low = 0
  let high = prices.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((prices[middle] ?? 0) <= price) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The finest structure whose grid holds every price given: for markets known by their books only. */
export function structureHolding(prices: Iterable<number>): string {
  const all = [...prices]
  const fits = (step: number) => all.every((price) => price % step === 0)
  if (fits(10_000)) return 'linear_cent'
  return fits(1_000) ? 'deci_cent' : 'center_deci_edge_centi_cent'
}
