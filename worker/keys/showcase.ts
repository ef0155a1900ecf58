import type { Context } from 'hono'
import { type App, readMarketData } from '../context.ts'
import { type Env, settingsOf } from '../env.ts'
import { nowUs } from '../now.ts'
import { findBusiest, findShown } from '../store/showcase.ts'

/** So many markets are shown. */
const MOST = 20
/** The list is remembered for so long, ms; for less while it may still grow. */
const GOOD_FOR_MS = 60_000
const SHORT_GOOD_FOR_MS = 5000

type Remembered = { readonly untilMs: number; readonly tickers: readonly string[] }
const remembered = new WeakMap<Env, Remembered>()

/**
 * The markets that visitors may see: those that SHOWCASE names, or the busiest; a minute old at most. Throws DatabaseAwayError.
 */
export async function showcaseOf(c: Context<App>): Promise<readonly string[]> {
  const known = remembered.get(c.env)
  if (known !== undefined && Date.now() < known.untilMs) return known.tickers
  const { SHOWCASE } = settingsOf(c.env)
  const tickers = await readMarketData(c, (sql) =>
    SHOWCASE.length > 0 ? findShown(sql, SHOWCASE, MOST) : findBusiest(sql, nowUs(), MOST),
  )
  const goodForMs = tickers.length < MOST ? SHORT_GOOD_FOR_MS : GOOD_FOR_MS
  remembered.set(c.env, { untilMs: Date.now() + goodForMs, tickers })
  return tickers
}
