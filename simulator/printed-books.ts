import { crc32 } from 'node:zlib'
import type { Side } from './book.ts'
import type { Floor } from './floor.ts'
import { printLadder } from './frames.ts'

/** A side's levels in decimal strings, best (highest price) first. */
export type PrintedLadder = [price: string, size: string][]

/** Prints every book but those of combos. */
export function printBooks(floor: Floor): Map<string, { yes: PrintedLadder; no: PrintedLadder }> {
  return new Map(
    floor.tickers().map((ticker) => {
      const { book } = floor.market(ticker)
      const yes = printLadder(book.ascending('yes')).reverse()
      return [ticker, { yes, no: printLadder(book.ascending('no')).reverse() }]
    }),
  )
}

/**
 * The CRC-32 of every book but those of combos: the yes ladder, `|`, the no ladder, best level first,
 * levels `P:S` in millionths of a dollar and hundredths of a contract, joined by commas.
 */
export function checksumBooks(floor: Floor): Record<string, number> {
  return Object.fromEntries(
    floor.tickers().map((ticker) => {
      const ladder = (side: Side) =>
        floor
          .market(ticker)
          .book.ascending(side)
          .reverse()
          .map((level) => level.join(':'))
          .join(',')
      return [ticker, crc32(`${ladder('yes')}|${ladder('no')}`)]
    }),
  )
}
