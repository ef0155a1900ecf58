import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'
import { answerPast, type PastAnswer, type PastPoint, refusalOf } from '#core/past-book'
import type { BookAnswer, BookView } from '#core/wire/book-answer'
import type { Ask } from './store/ask.ts'
import {
  type BookMarket,
  findEventMarkets,
  historiesAt,
  type MarketHistory,
  reachesOf,
} from './store/book-history.ts'

/** How long (ms) a read waits for the record to reach its instant, and how often it looks. */
const PATIENCE_MS = 1000
const LOOK_MS = 50
/** A book now, read from the record, may be so old (µs): the watermark moves every half second. */
const LATE_US = 2_000_000
/** Books that one statement reads. */
const AT_ONCE = 100

/** How books are to be shown. */
export type BookStyle = { readonly view: BookView; readonly depth: number | undefined }

/** A market's book, or why it cannot be told. */
export type BookOutcome = {
  readonly market: BookMarket
  readonly book:
    | { readonly ok: true; readonly answer: BookAnswer }
    | { readonly ok: false; readonly error: ApiError }
}

/**
 * The books of markets at a point in the order asked, after waiting for the watermark if they must; unknown tickers are left
 * out. Throws BrokenLogError, SegmentError and LogRowError for a log that cannot be right, and as Postgres does.
 */
export async function readPastBooks(
  ask: Ask,
  tickers: readonly string[],
  point: PastPoint,
  style: BookStyle,
): Promise<readonly BookOutcome[]> {
  const stored = point.kind === 'at' ? { us: point.us } : point.kind === 'seq' ? point : 'last'
  const read = async () => answersOf(await historiesAt(ask, tickers, stored), point, style)
  const answers = await read()
  const beyond = answers.flatMap(({ past }) => (past.kind === 'beyond' ? [past.until] : []))
  const again = beyond.length > 0 && (await waitFor(ask, Math.max(...beyond))) !== null
  return explained(ask, again ? await read() : answers)
}

/** The books of an event's markets at one instant. */
export type EventBooks =
  | { readonly kind: 'books'; readonly at: Micros; readonly outcomes: readonly BookOutcome[] }
  /** We know no such event. */
  | { readonly kind: 'none' }
  | { readonly kind: 'too_many' }
  /** They cannot be paid for. */
  | { readonly kind: 'unpaid'; readonly error: ApiError }
  /** The record does not reach so far yet. */
  | { readonly kind: 'beyond' }

/**
 * Reads the books of an event's markets at one instant, by ticker, if they are not more than `most`. Without an instant, at
 * the watermark, which must then be of the last moments before `now`. Throws as readPastBooks does.
 * @param pay reserves what so many books cost; says why it cannot
 */
export async function readEventBooks(
  ask: Ask,
  event: string,
  { at, now }: { readonly at: Micros | null; readonly now: Micros },
  most: number,
  style: BookStyle,
  pay: (books: number) => Promise<ApiError | null>,
): Promise<EventBooks> {
  const found = await findEventMarkets(ask, event, most + 1)
  if (found === null) return { kind: 'none' }
  const { markets, throughUs } = found
  if (markets.length > most) return { kind: 'too_many' }
  const unpaid = await pay(markets.length)
  if (unpaid !== null) return { kind: 'unpaid', error: unpaid }
  const wanted = at ?? ((now - LATE_US) as Micros)
  const through = (throughUs ?? -1) >= wanted ? throughUs : await waitFor(ask, wanted)
  if (through === null) return { kind: 'beyond' }
  const us = at ?? through
  const outcomes: BookOutcome[] = []
  for (let i = 0; i < markets.length; i += AT_ONCE) {
    const tickers = markets.slice(i, i + AT_ONCE).map(({ ticker }) => ticker)
    outcomes.push(...(await readPastBooks(ask, tickers, { kind: 'at', us }, style)))
  }
  return { kind: 'books', at: us, outcomes }
}

type MarketAnswer = { readonly market: BookMarket; readonly past: PastAnswer }

function answersOf(
  histories: readonly MarketHistory[],
  point: PastPoint,
  style: BookStyle,
): readonly MarketAnswer[] {
  return histories.map(({ market, past }) => {
    if (past === 'unsealed') return { market, past: { kind: 'unsealed' } }
    const { ticker, event, status: marketStatus } = market
    return { market, past: answerPast(past, point, { ...style, ticker, event, marketStatus }) }
  })
}

/** Waits for the watermark; null when it does not come so far in time. */
async function waitFor(ask: Ask, until: number): Promise<Micros | null> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const [row] = await ask(WATERMARK)
    const through = micros(row?.[0])
    if (through !== null && through >= until) return through
    if (Date.now() >= end) return null
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

const WATERMARK = {
  text: 'select max(recorded_through_us) from kb.epochs where slice = 0',
  params: [],
}

/** What the record does hold is read for those alone who are refused. */
async function explained(
  ask: Ask,
  answers: readonly MarketAnswer[],
): Promise<readonly BookOutcome[]> {
  const refused = answers
    .filter(({ past }) => past.kind !== 'answer')
    .map(({ market }) => market.id)
  const reaches = refused.length === 0 ? null : await reachesOf(ask, refused)
  return answers.map(({ market, past }) => {
    if (past.kind === 'answer') return { market, book: { ok: true, answer: past.answer } }
    const reach = reaches?.get(market.id) ?? { first: null, throughUs: null }
    return { market, book: { ok: false, error: refusalOf(past, reach) } }
  })
}
