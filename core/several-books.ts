import { complement, parsePrice } from './price.ts'
import type { BookAnswer } from './wire/book-answer.ts'
import type { BookOrRefusal } from './wire/books-answer.ts'

/** Whether an answer tells a book of which we are sure: what is charged for. */
export function isSure(book: BookOrRefusal): boolean {
  return 'status' in book && book.status !== 'unknown' && book.status !== 'stale'
}

/**
 * Adds up the best price of one side of several books, in decimal dollars. Null when there is none to be added: no book at
 * all, one that is not known, or an empty side.
 */
export function sumOfBest(books: readonly BookOrRefusal[], side: 'bid' | 'ask'): string | null {
  let millionths = 0
  for (const book of books) {
    const best = 'status' in book ? bestOf(book, side) : null
    if (best === null) return null
    millionths += best
  }
  return books.length === 0 ? null : printDollars(millionths)
}

function bestOf(book: BookAnswer, side: 'bid' | 'ask'): number | null {
  if (book.status === 'unknown') return null
  const shown = book.view === 'yes' ? (side === 'bid' ? book.bids : book.asks) : undefined
  const native = book.view === 'native' ? (side === 'bid' ? book.yes : book.no) : undefined
  const price = parsePrice((shown ?? native)?.[0]?.[0] ?? '')
  // A no bid is a yes ask at the complement.
  return price !== null && native !== undefined && side === 'ask' ? complement(price) : price
}

/** Four decimals, or six when it is finer: as core/price prints, but of one dollar and more too. */
function printDollars(millionths: number): string {
  const whole = Math.floor(millionths / 1_000_000)
  const digits = String(millionths % 1_000_000).padStart(6, '0')
  return `${whole}.${digits.endsWith('00') ? digits.slice(0, 4) : digits}`
}
