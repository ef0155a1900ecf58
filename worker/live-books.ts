import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { answerLive, type LiveKnowledge } from '#core/live-answer'
import { tradingIsOver } from '#core/market-status'
import type { Ticker } from '#core/ticker'
import { type App, askMarketData } from './context.ts'
import { isPassing } from './is-passing.ts'
import { inTime } from './live/patience.ts'
import { marketStub } from './live/stubs.ts'
import { nowUs } from './now.ts'
import { type BookOutcome, type BookStyle, readPastBooks } from './past-book.ts'
import { type BookMarket, findBookMarkets } from './store/book-history.ts'

/** How long a live object is waited for (ms), so that the record can answer within two seconds. */
const PATIENCE_MS = 1500

const STALE: ApiError = {
  code: 'upstream_degraded',
  message: 'nobody confirms this book now; stale=allow answers the last one known',
}
const NOBODY_KNOWS: ApiError = {
  code: 'upstream_degraded',
  message: 'the feed has not brought this book yet',
}
const RESTARTING: ApiError = {
  code: 'upstream_degraded',
  message: 'an object of ours is restarting',
}

/**
 * The books of markets now, in no particular order; unknown tickers are left out. A market that is traded is asked for at its
 * live object, all at once; the record answers for one whose trading is over, and for one that no object knows yet.
 * Throws DatabaseAwayError, and as readPastBooks does.
 */
export async function readBooksNow(
  c: Context<App>,
  tickers: readonly Ticker[],
  style: BookStyle,
  allowStale: boolean,
): Promise<readonly BookOutcome[]> {
  const { traded, over } = await askMarketData(c, async (ask) => {
    const markets = await findBookMarkets(ask, tickers)
    const [ended, traded] = [
      markets.filter(({ status }) => tradingIsOver(status)),
      markets.filter(({ status }) => !tradingIsOver(status)),
    ]
    const names = ended.map(({ ticker }) => ticker)
    const last = { kind: 'last', now: nowUs() } as const
    const over = ended.length === 0 ? [] : await readPastBooks(ask, names, last, style)
    return { traded, over }
  })
  const live = await Promise.all(traded.map((market) => liveBook(c, market, style)))
  // The record may go on where the feed is cut: who is told a stale book is told the last one.
  const doubted = traded.filter((_, i) => isDoubted(live[i] ?? null, allowStale))
  const names = doubted.map(({ ticker }) => ticker)
  const last = { kind: 'last', now: nowUs() } as const
  const stored =
    names.length === 0
      ? []
      : await askMarketData(c, (ask) => readPastBooks(ask, names, last, style))
  const byTicker = new Map(stored.map((outcome) => [outcome.market.ticker, outcome]))
  const latest = traded.flatMap(({ ticker }, i) => {
    const outcome = later(live[i] ?? null, byTicker.get(ticker) ?? null)
    return outcome === null ? [] : [told(outcome, allowStale)]
  })
  return [...over, ...latest]
}

/** Whether the record is to be asked too: nobody knows the book, or nobody confirms one that is to be shown. */
function isDoubted(live: BookOutcome | null, allowStale: boolean): boolean {
  if (live === null) return true
  return allowStale && live.book.ok && live.book.answer.status === 'stale'
}

/** The one of the two that knows more of the log. */
function later(live: BookOutcome | null, stored: BookOutcome | null): BookOutcome | null {
  if (live === null || stored === null) return live ?? stored
  if (!live.book.ok || !stored.book.ok) return live.book.ok ? live : stored
  return (stored.book.answer.seq ?? -1) > (live.book.answer.seq ?? -1) ? stored : live
}

/** The book from its live object; null while that knows nothing. */
async function liveBook(
  c: Context<App>,
  market: BookMarket,
  style: BookStyle,
): Promise<BookOutcome | null> {
  const { ticker, event, status: marketStatus } = market
  try {
    // The types of RPC make tuples arrays; what comes is what the object gave.
    const ask = async () =>
      (await marketStub(c.env, ticker).book(c.get('caller').plan !== 'free')) as LiveKnowledge
    const known = await inTime(ask(), PATIENCE_MS)
    const found = known && answerLive(known, { ...style, ticker, event, marketStatus }, nowUs())
    return found && { market, book: { ok: true, answer: found.answer } }
  } catch (error) {
    if (!isPassing(error)) throw error
    return { market, book: { ok: false, error: RESTARTING } }
  }
}

/** A book that nobody confirms is told only to those who allow it. */
function told({ market, book }: BookOutcome, allowStale: boolean): BookOutcome {
  if (!book.ok) {
    const error = book.error === RESTARTING ? RESTARTING : NOBODY_KNOWS
    return { market, book: { ok: false, error } }
  }
  return book.answer.status === 'stale' && !allowStale
    ? { market, book: { ok: false, error: STALE } }
    : { market, book }
}
