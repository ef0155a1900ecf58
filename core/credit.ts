/** How a list is charged: by its rows, by the page of metadata, or not at all. */
export type ListCost = 'rows' | 'page' | 'free'

/** Rows of records, trades or candles that one credit pays for. */
export const ROWS_PER_CREDIT = 1000

/** Minutes of a market on a stream that one credit pays for. */
export const MARKET_MINUTES_PER_CREDIT = 100

/** Credits of a book; of several, of each that is known. */
export const BOOK_CREDITS = 1

/** Credits of a page of so many rows: 1 per 1,000 or part for data, 1 for metadata. */
export function pageCredits(cost: ListCost, rows: number): number {
  return cost === 'page' ? 1 : streamCredits(cost, rows)
}

/** Credits of a stream of so many rows: 1 per 1,000 or part, of metadata 1 at the least, as if it came in pages of that. */
export function streamCredits(cost: ListCost, rows: number): number {
  const parts = Math.ceil(rows / ROWS_PER_CREDIT)
  switch (cost) {
    case 'rows':
      return parts
    case 'page':
      return Math.max(1, parts)
    case 'free':
      return 0
  }
}

/** Credits of a stream that has delivered so many market-minutes since it was opened: 1 per 100 or part. */
export function marketMinuteCredits(minutes: number): number {
  return Math.ceil(minutes / MARKET_MINUTES_PER_CREDIT)
}
