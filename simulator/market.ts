import { MapBook, type TrueBook } from './book.ts'

/** The exchange's word for where a market stands. */
export type MarketStatus =
  | 'initialized'
  | 'active'
  | 'inactive'
  | 'closed'
  | 'determined'
  | 'disputed'
  | 'amended'
  | 'finalized'

/** Whether it pays all or nothing, or a part between. */
export type MarketType = 'binary' | 'scalar'

/** What `metadata_updated` can change: strikes in the question's own unit, and what yes stands for. */
export type MetadataChange = {
  floorStrike?: number
  capStrike?: number
  yesSubTitle?: string
}

/** A market of the simulated exchange: what it is, where it stands, its true book and its trading. */
export type Market = {
  readonly ticker: string
  readonly id: string
  readonly event: string
  readonly series: string
  readonly type: MarketType
  readonly book: TrueBook
  readonly createdUs: number
  /** from when REST shows it: a little later than the lifecycle channel tells of it */
  shownUs: number
  /** when a property that is not trading last changed */
  updatedUs: number
  openUs: number
  closeUs: number
  status: MarketStatus
  structure: string
  result: '' | 'yes' | 'no' | 'scalar'
  /** what a yes pays, in millionths; null until it is determined */
  settlementValue: number | null
  settledUs: number | null
  /** last trade: millionths and hundredths, 0 when there was none */
  lastPrice: number
  lastSize: number
  /** all trading, in hundredths of a contract, and its value in hundredths of millionths */
  volume: number
  openInterest: number
  dollarVolume: number
  /** what was changed of what the ticker says of it */
  readonly changed: MetadataChange
  /** best prices and last trade of a day ago, in millionths */
  readonly previous: { bid: number; ask: number; last: number }
}

/** What a market is made from; times in microseconds. */
export type Listing = {
  ticker: string
  id: string
  structure: string
  /** binary when absent */
  type?: MarketType
  createdUs: number
  /** from when REST shows it; at once when absent */
  shownUs?: number
  openUs: number
  closeUs: number
}

/** Makes a market that has not traded, with an empty book unless another is given. */
export function listMarket(
  listing: Listing,
  status: MarketStatus,
  book: TrueBook = new MapBook(),
): Market {
  return {
    ticker: listing.ticker,
    id: listing.id,
    event: eventOf(listing.ticker),
    series: seriesOf(listing.ticker),
    type: listing.type ?? 'binary',
    book,
    createdUs: listing.createdUs,
    shownUs: listing.shownUs ?? listing.createdUs,
    updatedUs: listing.createdUs,
    openUs: listing.openUs,
    closeUs: listing.closeUs,
    status,
    structure: listing.structure,
    result: '',
    settlementValue: null,
    settledUs: null,
    lastPrice: 0,
    lastSize: 0,
    volume: 0,
    openInterest: 0,
    dollarVolume: 0,
    changed: {},
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
