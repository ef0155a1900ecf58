import type { Micros } from '#core/instant'
import type { Clock } from './clock.ts'
import { type KalshiRest, type MarketsFilter, TICKERS_AT_ONCE } from './kalshi-rest.ts'
import type { RestPriority } from './token-budget.ts'

/** What a look over the exchange's lists is to hold. */
export type Look = {
  readonly rest: KalshiRest
  readonly clock: Clock
  readonly priority: RestPriority
  /** The start of the look before; null for the first, which reads all. */
  readonly since: Micros | null
  /** Markets that closed or settled from here on are looked at too. */
  readonly overSince: Micros
}

/** Who hears what a look finds, page by page; the next page waits for its answer. */
export type LookTaker = {
  readonly series: (objects: readonly unknown[]) => Promise<void>
  readonly events: (objects: readonly unknown[], asked: Micros) => Promise<void>
  /** @param asked when these were asked for, our clock */
  readonly markets: (objects: readonly unknown[], asked: Micros) => Promise<void>
}

/** The exchange's lists lag and its clock is not ours: windows overlap by so much. */
const OVERLAP_US = 600_000_000

/**
 * Reads the exchange's lists: series and events (all at first, then the changed), and of markets but combos those that
 * trade, will trade or pause, and those that closed or settled lately. Throws KalshiRestError.
 */
export async function lookOver(look: Look, take: LookTaker): Promise<void> {
  const { rest, clock, priority, since } = look
  const changedSince = since === null ? undefined : secondsOf(since - OVERLAP_US)
  await take.series(await rest.series(priority, changedSince))
  const events =
    changedSince === undefined
      ? rest.events({ status: 'open' }, priority)
      : rest.events({ minUpdatedTs: changedSince }, priority)
  await eachPage(clock, events, (page, asked) => take.events(page, asked))
  const over = secondsOf(look.overSince - OVERLAP_US)
  const lists: readonly MarketsFilter[] = [
    { status: 'open' },
    { status: 'unopened' },
    { status: 'paused' },
    { status: 'closed', minCloseTs: over },
    { status: 'settled', minSettledTs: over },
  ]
  for (const list of lists) {
    const pages = rest.markets(list, priority)
    await eachPage(clock, pages, (page, asked) => take.markets(page, asked))
  }
}

/** Asks for markets by name, those that no list showed. Throws KalshiRestError. */
export async function lookFor(
  { rest, clock, priority }: Pick<Look, 'rest' | 'clock' | 'priority'>,
  markets: readonly string[],
  take: Pick<LookTaker, 'markets'>,
): Promise<void> {
  for (let at = 0; at < markets.length; at += TICKERS_AT_ONCE) {
    const tickers = markets.slice(at, at + TICKERS_AT_ONCE)
    const pages = rest.markets({ tickers }, priority)
    await eachPage(clock, pages, (page, asked) => take.markets(page, asked))
  }
}

async function eachPage(
  clock: Clock,
  pages: AsyncGenerator<readonly unknown[]>,
  take: (objects: readonly unknown[], asked: Micros) => Promise<void>,
): Promise<void> {
  for (let asked = clock(); ; asked = clock()) {
    const { done, value } = await pages.next()
    if (done) return
    await take(value, asked)
  }
}

function secondsOf(us: number): number {
  return Math.max(0, Math.floor(us / 1_000_000))
}
