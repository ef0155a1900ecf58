import type { Context } from 'hono'
import { isBehind } from '#core/coverage'
import { type Micros, printInstant } from '#core/instant'
import type { App } from '../context.ts'
import { keptStatus } from '../status/kept-status.ts'
import { keptToday } from '../status/kept-today.ts'

/** What is recorded at this moment, for people; null where it cannot be known now. */
export type Recorded = {
  readonly feed: 'healthy' | 'degraded' | 'down'
  readonly markets: number | null
  /** From the exchange's own stamp to ours, of half of the messages and of 99 in 100 of them, ms. */
  readonly lagMs: { readonly half: number; readonly most: number } | null
  readonly today: {
    /** Records of books since 00:00 UTC. */
    readonly messages: number
    /** Share of the time of all logs in which the book was known, 0 to 1; null when there was none, or it is not known. */
    readonly coverage: number | null
    /** When it was counted, `14:05`. */
    readonly counted: string
  } | null
}

/** What is recorded at this moment: the feed as of the last second, the day as it was counted some minutes ago. */
export async function recordedNow(c: Context<App>): Promise<Recorded> {
  const [status, today] = await Promise.all([keptStatus(c), keptToday(c)])
  const { feed, lag_p50_ms: half, lag_p99_ms: most, record } = status
  return {
    feed,
    markets: record?.markets ?? null,
    lagMs: half === null || most === null ? null : { half, most },
    today: today && {
      messages: today.records,
      coverage: isBehind(today) ? null : shareOf(today.knownS, today.gapS),
      counted: hourAndMinute(today.toldUs),
    },
  }
}

function shareOf(knownS: number, gapS: number): number | null {
  return knownS + gapS === 0 ? null : knownS / (knownS + gapS)
}

function hourAndMinute(at: Micros): string {
  return printInstant(at).slice(11, 16)
}
