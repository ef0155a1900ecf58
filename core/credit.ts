/** How a list is charged: by its rows, by the page of metadata, or not at all. */
export type ListCost = 'rows' | 'page' | 'free'

/** Rows of records, trades or candles that one credit pays for. */
const ROWS_PER_CREDIT = 1000

/** Credits of a number of books, each 1. */
export function bookCredits(books: number): number {
  return books
}

/** Credits of so many rows: 1 per 1,000 or part for data, 1 a page for metadata. */
export function listCredits(cost: ListCost, rows: number): number {
  switch (cost) {
    case 'rows':
      return Math.ceil(rows / ROWS_PER_CREDIT)
    case 'page':
      return 1
    case 'free':
      return 0
  }
}
