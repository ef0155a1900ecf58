import { Book } from './book.ts'

/** The exchange's word for where a market stands. */
export type MarketStatus =
  | 'initialized'
  | 'active'
  | 'inactive'
  | 'closed'
  | 'determined'
  | 'finalized'

/** A market of the simulated exchange: what it is, where it stands, its true book and its trading. */
export type Market = {
  readonly ticker: string
  readonly id: string
  readonly event: string
  readonly series: string
  readonly book: Book
  readonly createdUs: number
  /** when a property that is not trading last changed */
  updatedUs: number
  openUs: number
  closeUs: number
  status: MarketStatus
  structure: string
  result: '' | 'yes' | 'no'
  settledUs: number | null
  /** last trade: millionths and hundredths, 0 when there was none */
  lastPrice: number
  lastSize: number
  /** all trading, in hundredths of a contract, and its value in hundredths of millionths */
  volume: number
  openInterest: number
  dollarVolume: number
  /** best prices and last trade of a day ago, in millionths */
  readonly previous: { bid: number; ask: number; last: number }
}

/** What a market is made from; times in microseconds. */
export type Listing = {
  ticker: string
  id: string
  structure: string
  createdUs: number
  openUs: number
  closeUs: number
}

/** Makes a market that has not traded and whose book is empty. */
export function listMarket(listing: Listing, status: MarketStatus): Market {
  return {
    ticker: listing.ticker,
    id: listing.id,
    event: eventOf(listing.ticker),
    series: seriesOf(listing.ticker),
    book: new Book(),
    createdUs: listing.createdUs,
    updatedUs: listing.createdUs,
    openUs: listing.openUs,
    closeUs: listing.closeUs,
    status,
    structure: listing.structure,
    result: '',
    settledUs: null,
    lastPrice: 0,
    lastSize: 0,
    volume: 0,
    openInterest: 0,
    dollarVolume: 0,
    previous: { bid: 0, ask: 1_000_000, last: 0 },
  }
}

/** @returns the event of a ticker: all but its last part (`KXHIGHNY-26DEC03-T62` ▸ `KXHIGHNY-26DEC03`) */
export function eventOf(ticker: string): string {
  const dash = ticker.lastIndexOf('-')
  return dash > 0 ? ticker.slice(0, dash) : ticker
}

/** @returns the series of a ticker: its first part */
export function seriesOf(ticker: string): string {
  return ticker.split('-', 1)[0] ?? ticker
}

/** @returns whether a market is a combination of others (`KXMVE…`), which most lists leave out */
export function isCombo(market: Market): boolean {
  return market.ticker.startsWith('KXMVE')
}
