import type { Sql } from 'postgres'
import { z } from 'zod'
import type { FeedWord } from '#core/feed-health'
import type { SampledHour } from '#core/feed-hours'
import { type FeedRun, MINUTE_US } from '#core/feed-incidents'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'

/** How the feed was when somebody looked in a minute; times in ms. */
export type FeedMinute = {
  readonly minuteUs: Micros
  readonly feed: FeedWord
  readonly upstreamAgeMs: number | null
  readonly lagP50Ms: number | null
  readonly lagP99Ms: number | null
  readonly staleBooks: number | null
  readonly watermarkLagMs: number | null
  readonly epoch: number | null
  readonly markets: number | null
  readonly openGaps: number | null
}

/** Minutes in a row of one word each; of more than these the oldest are not read. */
export const MOST_RUNS = 10_000

/** What is known of the feed from an instant on. */
export type FeedHistory = {
  /** The first minute of all that was looked at; null when none was. */
  readonly firstUs: Micros | null
  readonly hours: readonly SampledHour[]
  /** In their order. */
  readonly runs: readonly FeedRun[]
}

const number = z.coerce.number()
const perhaps = z.union([z.null(), number])
const us = z.coerce.number().transform((value) => value as Micros)
const hours = z.array(
  z.object({
    hour_us: us,
    healthy: number,
    degraded: number,
    down: number,
    lag_p50_ms: perhaps,
    lag_p99_ms: perhaps,
    watermark_lag_ms: perhaps,
    stale_books: perhaps,
  }),
)
const runs = z.array(
  z.object({ feed: z.enum(['healthy', 'degraded', 'down']), from_us: us, last_us: us }),
)

/** Keeps what was seen in a minute, as it was seen first. Throws as Postgres does. */
export async function keepMinute(sql: Sql, minute: FeedMinute): Promise<void> {
  await sql`
    insert into kb.feed_minutes (minute_us, feed, upstream_age_ms, lag_p50_ms, lag_p99_ms, stale_books,
      watermark_lag_ms, epoch, markets, open_gaps)
    values (${minute.minuteUs}, ${minute.feed}, ${minute.upstreamAgeMs}, ${minute.lagP50Ms}, ${minute.lagP99Ms},
      ${minute.staleBooks}, ${minute.watermarkLagMs}, ${minute.epoch}, ${minute.markets}, ${minute.openGaps})
    on conflict do nothing`
}

/** Forgets minutes before an instant. Throws as Postgres does. */
export async function forgetMinutes(sql: Sql, beforeUs: Micros): Promise<void> {
  await sql`delete from kb.feed_minutes where minute_us < ${beforeUs}`
}

/** Reads what is known of the feed from an instant on, by hours and by runs of minutes. Throws as Postgres does. */
export async function readFeedHistory(sql: Sql, fromUs: Micros): Promise<FeedHistory> {
  const [[first], byHour, inRuns] = await Promise.all([
    sql`select min(minute_us) as first_us from kb.feed_minutes`,
    sql`
      select minute_us - minute_us % 3600000000 as hour_us,
        count(*) filter (where feed = 'healthy') as healthy,
        count(*) filter (where feed = 'degraded') as degraded,
        count(*) filter (where feed = 'down') as down,
        percentile_cont(0.5) within group (order by lag_p50_ms) as lag_p50_ms,
        max(lag_p99_ms) as lag_p99_ms, max(watermark_lag_ms) as watermark_lag_ms, max(stale_books) as stale_books
      from kb.feed_minutes where minute_us >= ${fromUs} group by 1 order by 1`,
    sql`
      select feed, min(minute_us) as from_us, max(minute_us) as last_us
      from (
        select feed, minute_us,
          minute_us / ${MINUTE_US}::int8 - row_number() over (partition by feed order by minute_us) as run
        from kb.feed_minutes where minute_us >= ${fromUs}) minutes
      group by feed, run order by 2 desc limit ${MOST_RUNS}`,
  ])
  return {
    firstUs: micros(first?.['first_us']),
    hours: hours.parse([...byHour]).map((row) => ({
      hourUs: row.hour_us,
      healthy: row.healthy,
      degraded: row.degraded,
      down: row.down,
      lagP50Ms: row.lag_p50_ms,
      lagP99Ms: row.lag_p99_ms,
      watermarkLagMs: row.watermark_lag_ms,
      staleBooks: row.stale_books,
    })),
    runs: runs
      .parse([...inRuns])
      .reverse()
      .map(({ feed, from_us, last_us }) => {
        return { word: feed, fromUs: from_us, toUs: (last_us + MINUTE_US) as Micros }
      }),
  }
}
