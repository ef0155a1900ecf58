import type { Context } from 'hono'
import type { Micros } from '#core/instant'
import { answerLive, type LiveKnowledge } from '#core/live-answer'
import { parseTicker } from '#core/ticker'
import type { BookAnswer } from '#core/wire/book-answer'
import { type App, readMarketData } from '../context.ts'
import type { Env } from '../env.ts'
import { showcaseOf } from '../keys/showcase.ts'
import { inTime } from '../live/patience.ts'
import { marketStub } from '../live/stubs.ts'
import { nowUs } from '../now.ts'
import { findTitle, type MarketTitle } from '../store/market-titles.ts'
import { readLogBegin } from '../store/shown-log.ts'

/** A market that is shown to whoever comes by. */
export type ShownMarket = {
  readonly about: MarketTitle
  /** From when on its log is kept, µs; null when nothing is recorded yet. */
  readonly sinceUs: Micros | null
  /** Its book now; null when nobody can tell it. */
  readonly book: BookAnswer | null
}

/** The list is asked for, and the book, so long (ms): a page waits for no more. */
const PATIENCE_MS = 800
/** What was found is shown for so long (ms), however many come. */
const KEPT_MS = 2000

type Kept = { readonly untilMs: number; readonly shown: ShownMarket | null }
const kept = new WeakMap<Env, Kept>()

/**
 * The busiest of the markets that visitors may see, and at most `depth` levels of each side of its book; null when there is
 * none, or it cannot be known now.
 */
export async function shownMarket(c: Context<App>, depth: number): Promise<ShownMarket | null> {
  const known = kept.get(c.env)
  if (known !== undefined && Date.now() < known.untilMs) return known.shown
  const shown = await inTime(
    findShown(c, depth).catch(() => null),
    PATIENCE_MS * 2,
  )
  kept.set(c.env, { untilMs: Date.now() + KEPT_MS, shown })
  return shown
}

async function findShown(c: Context<App>, depth: number): Promise<ShownMarket | null> {
  const [first] = await showcaseOf(c)
  const ticker = first === undefined ? null : parseTicker(first)
  if (ticker === null) return null
  const [found, book] = await Promise.all([
    readMarketData(c, async (sql) => ({
      about: await findTitle(sql, ticker),
      sinceUs: await readLogBegin(sql, ticker),
    })),
    bookOf(c, ticker, depth).catch(() => null),
  ])
  return found.about && { about: found.about, sinceUs: found.sinceUs, book }
}

async function bookOf(c: Context<App>, ticker: MarketTitle['ticker'], depth: number) {
  // The types of RPC make tuples arrays; what comes is what the object gave.
  const ask = async () => (await marketStub(c.env, ticker).book(false)) as LiveKnowledge
  const known = await inTime(ask(), PATIENCE_MS)
  const showing = { ticker, event: '', marketStatus: 'active', view: 'yes', depth } as const
  return known && (answerLive(known, showing, nowUs())?.answer ?? null)
}
