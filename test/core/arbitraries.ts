import * as fc from 'fast-check'
import type { Micros } from '#core/instant'
import type { Epoch, Ladders, Level, Seq, Side } from '#core/log'
import { asPrice, type Price } from '#core/price'
import { asSize, parseSizeChange, type Size, type SizeChange } from '#core/size'
import { parseTicker, type Ticker } from '#core/ticker'

/** What a test states must be there: a test that states nonsense fails at the place where it does. */
export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('the test states what cannot be')
  return value
}

export const price = (millionths: number): Price => must(asPrice(millionths))
export const size = (hundredths: number): Size => must(asSize(hundredths))
export const change = (decimal: string): SizeChange => must(parseSizeChange(decimal))
export const ticker = (text: string): Ticker => must(parseTicker(text))
export const us = (micros: number): Micros => micros as Micros
export const seq = (number: number): Seq => number as Seq
export const epoch = (number: number): Epoch => number as Epoch

/** `[millionths, hundredths]` pairs as levels. */
export function levels(...pairs: readonly (readonly [number, number])[]): Level[] {
  return pairs.map(([p, s]) => [price(p), size(s)])
}

export const anyPrice = fc.integer({ min: 1, max: 999_999 }).map(price)
export const anySize = fc.integer({ min: 0, max: 10 ** 15 - 1 }).map(size)
export const anyChange = fc
  .integer({ min: -(10 ** 15 - 1), max: 10 ** 15 - 1 })
  .map((hundredths) => hundredths as SizeChange)
export const anySide = fc.constantFrom<Side>('yes', 'no')

/** So few prices that random changes meet the same levels again. */
export const fewPrices = fc.constantFrom(...[1, 100, 415_000, 420_000, 565_500, 999_999].map(price))

function ladder(prices: fc.Arbitrary<Price>): fc.Arbitrary<Level[]> {
  const level = fc.tuple(prices, fc.integer({ min: 1, max: 500 }).map(size))
  return fc.uniqueArray(level, { selector: ([p]) => p, maxLength: 25 })
}

/** Ladders in no order, each price once, no level empty. */
export const anyLadders: fc.Arbitrary<Ladders> = fc.record({
  yes: ladder(anyPrice),
  no: ladder(anyPrice),
})
export const fewLadders: fc.Arbitrary<Ladders> = fc.record({
  yes: ladder(fewPrices),
  no: ladder(fewPrices),
})
