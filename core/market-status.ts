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

/** @returns whether trading is over for good: the last book is then the book */
export function tradingIsOver(status: string): boolean {
  return !['initialized', 'active', 'inactive'].includes(status)
}
