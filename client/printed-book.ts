import type { Level } from '#core/log'
import { complement, parsePrice, printPrice } from '#core/price'
import { parseSize, printSize } from '#core/size'
import type { PrintedLevels } from './stream-event.ts'

/** Bids and asks of the yes leg, best first: an ask is a no bid at $1 − its price, of the same size. */
export type YesView = { readonly bids: PrintedLevels; readonly asks: PrintedLevels }

/** Prints native levels as decimal strings of their own prices. */
export function printNative(levels: readonly Level[]): PrintedLevels {
  return levels.map(([price, size]) => [printPrice(price), printSize(size)] as const)
}

/** Prints native levels of the no leg as asks of the yes leg. */
export function printAsks(levels: readonly Level[]): PrintedLevels {
  return levels.map(([price, size]) => [printPrice(complement(price)), printSize(size)] as const)
}

/** Reads `[price, size]` decimal strings; null when one of them cannot be a level. */
export function readLevels(printed: PrintedLevels): Level[] | null {
  const levels: Level[] = []
  for (const [priceText, sizeText] of printed) {
    const price = parsePrice(priceText)
    const size = parseSize(sizeText)
    if (price === null || size === null || size === 0) return null
    levels.push([price, size])
  }
  return levels
}
