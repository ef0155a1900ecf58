import { BOOK_CREDITS } from './credit.ts'

/** What a route is charged by. */
export type RouteCost = 'book' | 'books' | 'event_books' | 'rows' | 'page' | 'free'

/** Every route that an account pays for or may call for nothing, by its path as it is described. */
const ROUTE_COSTS: Readonly<Record<string, RouteCost>> = {
  '/v1/markets': 'page',
  '/v1/markets/{ticker}': 'page',
  '/v1/markets/{ticker}/orderbook': 'book',
  '/v1/orderbooks': 'books',
  '/v1/events/{event}/orderbook': 'event_books',
  '/v1/markets/{ticker}/bbo': 'rows',
  '/v1/markets/{ticker}/deltas': 'rows',
  '/v1/events/{event}/deltas': 'rows',
  '/v1/deltas': 'rows',
  '/v1/markets/{ticker}/gaps': 'rows',
  '/v1/markets/{ticker}/trades': 'rows',
  '/v1/trades': 'rows',
  '/v1/markets/{ticker}/candles': 'rows',
  '/v1/markets/{ticker}/lifecycle': 'page',
  '/v1/markets/{ticker}/settlements': 'page',
  '/v1/markets/{ticker}/coverage': 'page',
  '/v1/events': 'page',
  '/v1/events/{event}': 'page',
  '/v1/series': 'page',
  '/v1/series/{series}': 'page',
  '/v1/stream': 'free',
  '/v1/markets/{ticker}/stream': 'free',
  '/v1/stream/tickets': 'free',
  '/v1/whoami': 'free',
  '/v1/usage': 'free',
  '/v1/limits': 'free',
}

const ROWS_PER_CREDIT = 1000
const PAGE_ROWS = 1000
const MOST_ROWS = 10_000
const MOST_TICKERS = 100
/** Markets of an event whose books are told at once. */
const MOST_SIBLINGS = 500

/** Rows of a stream that are paid for before they are sent, and the next as many when they are. */
export const BLOCK_ROWS = 10_000
/** Credits of a whole block. */
export const BLOCK_CREDITS = BLOCK_ROWS / ROWS_PER_CREDIT

/** What of a request its cost depends on, as it came, whether or not it is right. */
export type Priced = {
  /** As it is described; null for an address where nothing is. */
  readonly route: string | null
  readonly tickers: string | undefined
  readonly limit: string | undefined
  /** Whether rows are asked for without an end of a page. */
  readonly streamed: boolean
}

/**
 * Credits that are reserved before a request's work begins: all that it can cost, but for a stream, of which it is the first
 * block, and the books of an event, which pay for its other markets when they are known.
 */
export function reservedCredits(asked: Priced): number {
  const cost = costOf(asked.route)
  if (cost === 'event_books') return BOOK_CREDITS
  if (!asked.streamed || !isListed(cost)) return mostCredits(asked) ?? 0
  return Math.min(BLOCK_CREDITS, mostCredits(asked) ?? BLOCK_CREDITS)
}

/** Credits that a request can cost at most; null for a stream without a limit, which has no such bound. */
export function mostCredits({ route, tickers, limit, streamed }: Priced): number | null {
  const cost = costOf(route)
  switch (cost) {
    case 'free':
      return 0
    case 'book':
      return BOOK_CREDITS
    case 'books':
      return Math.min(MOST_TICKERS, (tickers ?? '').split(',', MOST_TICKERS).length) * BOOK_CREDITS
    case 'event_books':
      return MOST_SIBLINGS * BOOK_CREDITS
    case 'page':
      if (!streamed) return 1
      return limit === undefined ? null : rowCredits(limit)
    case 'rows':
      if (streamed && limit === undefined) return null
      return rowCredits(limit)
  }
}

/** Whether anything of a route costs credits. */
export function isPriced(route: string | null): boolean {
  return costOf(route) !== 'free'
}

/** Whether the gate knows what a route costs. */
export function hasCost(route: string): boolean {
  return Object.hasOwn(ROUTE_COSTS, route)
}

/** What a route is charged by; what is not known costs nothing. */
export function costOf(route: string | null): RouteCost {
  return (route === null ? undefined : ROUTE_COSTS[route]) ?? 'free'
}

function isListed(cost: RouteCost): boolean {
  return cost === 'rows' || cost === 'page'
}

/** A limit that cannot be read is refused later, and costs nothing then. */
function rowCredits(limit: string | undefined): number {
  const asked = limit === undefined ? PAGE_ROWS : Number(limit)
  const rows = asked >= 1 && asked <= MOST_ROWS ? asked : MOST_ROWS
  return Math.ceil(rows / ROWS_PER_CREDIT)
}
