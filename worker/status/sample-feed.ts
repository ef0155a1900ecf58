import { minuteOf } from '#core/feed-incidents'
import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { forgetMinutes, keepMinute } from '../store/feed-minutes.ts'
import { forgetGapDays } from '../store/gap-days.ts'
import { HISTORY_DAYS } from './history-days.ts'
import { readStatus } from './read-status.ts'

const DAY_US = 86_400_000_000

/**
 * Keeps how the feed is in this minute, as `GET /v1/status` says it. Throws DatabaseAwayError when it cannot be kept: then
 * the minute is not known.
 */
export async function sampleFeed(env: Env, nowUs: Micros): Promise<void> {
  const { feed, record, ...beat } = await readStatus(env)
  // What a feed that is down said last tells nothing of this minute.
  const fresh = (value: number | null) => (feed === 'down' ? null : value)
  const minute = {
    minuteUs: minuteOf(nowUs),
    feed,
    upstreamAgeMs: beat.upstream_age_ms,
    lagP50Ms: fresh(beat.lag_p50_ms),
    lagP99Ms: fresh(beat.lag_p99_ms),
    staleBooks: fresh(beat.stale_books),
    watermarkLagMs: record?.watermark_lag_ms ?? null,
    epoch: record?.epoch ?? null,
    markets: record?.markets ?? null,
    openGaps: record?.open_gaps ?? null,
  }
  await withAccounts(env, (sql) => keepMinute(sql, minute))
}

/** Forgets what the status history no longer tells. Throws DatabaseAwayError. */
export async function forgetFeed(env: Env, nowUs: Micros): Promise<void> {
  const beforeUs = (nowUs - (HISTORY_DAYS + 1) * DAY_US) as Micros
  await withAccounts(env, async (sql) => {
    await forgetMinutes(sql, beforeUs)
    await forgetGapDays(sql, beforeUs)
  })
}
