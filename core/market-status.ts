/** The exchange's words for the state of a market. */
export const MARKET_STATUSES = [
  'initialized',
  'active',
  'inactive',
  'closed',
  'determined',
  'disputed',
  'amended',
  'finalized',
] as const
export type MarketStatus = (typeof MARKET_STATUSES)[number]

const OVER: readonly string[] = ['closed', 'determined', 'disputed', 'amended', 'finalized']

/**
 * Whether trading is over for good, so that the last book is the book.
 * @param status the exchange's word; one that we do not know says nothing, so false
 */
export function tradingIsOver(status: string): boolean {
  return OVER.includes(status)
}
