import { z } from 'zod'
import { GRADES, gradeOf, isBehind, type Stretch } from '../coverage.ts'
import type { DayCoverage } from '../day-coverage.ts'
import type { FeedHour } from '../feed-hours.ts'
import type { Incident } from '../feed-incidents.ts'
import type { GapLine } from '../gap-lines.ts'
import { type Micros, printInstant } from '../instant.ts'
import { GAP_CAUSES } from '../log.ts'

const instant = z.string().describe('RFC 3339, UTC, microseconds')
const age = z.number().nullable()
const count = z.int().nonnegative()
const minutes = z
  .object({ healthy: count, degraded: count, down: count, unknown: count })
  .describe('Minutes of each state. `unknown`: nobody looked, which is never told as healthy')

/** How the feed and the record did. */
export const statusHistoryAnswer = z.object({
  from_ts: instant,
  to_ts: instant,
  sampled_from_ts: instant
    .nullable()
    .describe('The first minute that the feed was looked at; null when it never was'),
  hours: z
    .array(
      z.object({
        hour_ts: instant,
        minutes,
        lag_p50_ms: age.describe('The median of the minutes’ median lags'),
        lag_p99_ms: age.describe('The highest of the minutes’ 99th percentiles'),
        watermark_lag_ms: age.describe('The highest'),
        stale_books: count.nullable().describe('The highest'),
      }),
    )
    .describe('UTC hours, oldest first'),
  incidents: z
    .array(
      z.object({
        state: z.enum(['degraded', 'down', 'unknown']).describe('The worst of its minutes'),
        from_ts: instant,
        to_ts: instant.nullable().describe('null while it lasts'),
        minutes,
      }),
    )
    .describe('Minutes in a row in which the feed was not known to be healthy, newest first'),
  gaps: z
    .array(
      z.object({
        cause: z.enum(GAP_CAUSES),
        gaps: count.describe('One for each market that it touched'),
        open: count.describe('How many of them have not ended'),
        from_ts: instant,
        to_ts: instant.nullable().describe('The end of the last; null while one is open'),
      }),
    )
    .describe('Gaps of one cause that were noticed together, newest first'),
  gaps_left_off: count.describe('Lines of the fewest gaps that are not told'),
  coverage: z
    .array(
      z.object({
        day: z.iso.date(),
        markets: count.describe('That had a log on that day'),
        records: count,
        deltas: count,
        known_market_seconds: count.describe('Time of their logs in which the book is known'),
        gap_market_seconds: count.describe('Time of their logs in which it is not'),
        gaps: z.record(z.string(), count).describe('Gaps that touch the day, by cause'),
        grade: z
          .enum(GRADES)
          .nullable()
          .describe(
            'As in the coverage of a market; null: no log, or the record was not complete when it was counted',
          ),
        through_ts: instant.describe('How far the record was complete when it was counted'),
        counted_ts: instant.describe('When it was counted; today’s is, every 15 minutes'),
      }),
    )
    .describe('UTC days, newest first'),
})

export type StatusHistory = z.infer<typeof statusHistoryAnswer>

/** What is told of the past, all of it within `stretch`. */
export type HistoryParts = {
  readonly stretch: Stretch
  readonly firstUs: Micros | null
  readonly hours: readonly FeedHour[]
  /** Oldest first. */
  readonly incidents: readonly Incident[]
  /** Newest first. */
  readonly gaps: readonly GapLine[]
  readonly gapsLeftOff: number
  readonly days: readonly DayCoverage[]
}

/** Prints what is known of the past of the feed and the record. */
export function printHistory(parts: HistoryParts): StatusHistory {
  const { stretch, firstUs, hours, incidents, gaps, gapsLeftOff, days } = parts
  return {
    from_ts: printInstant(stretch.fromUs),
    to_ts: printInstant(stretch.toUs),
    sampled_from_ts: print(firstUs),
    hours: hours.map((hour) => ({
      hour_ts: printInstant(hour.hourUs),
      minutes: hour.minutes,
      lag_p50_ms: toMicros(hour.lagP50Ms),
      lag_p99_ms: toMicros(hour.lagP99Ms),
      watermark_lag_ms: hour.watermarkLagMs,
      stale_books: hour.staleBooks,
    })),
    incidents: incidents.toReversed().map(({ word, fromUs, toUs, minutes }) => ({
      state: word,
      from_ts: printInstant(fromUs),
      to_ts: print(toUs),
      minutes,
    })),
    gaps: gaps.map(({ cause, gaps: many, open, fromUs, toUs }) => ({
      cause,
      gaps: many,
      open,
      from_ts: printInstant(fromUs),
      to_ts: print(toUs),
    })),
    gaps_left_off: gapsLeftOff,
    coverage: days.map((each) => ({
      day: printInstant(each.day).slice(0, 10),
      markets: each.markets,
      records: each.records,
      deltas: each.deltas,
      known_market_seconds: each.knownS,
      gap_market_seconds: each.gapS,
      gaps: each.causes,
      grade: gradeOfDay(each),
      through_ts: printInstant(each.throughUs),
      counted_ts: printInstant(each.toldUs),
    })),
  }
}

/** The grade of a day as far as it had gone when it was counted; null where that is not known. */
function gradeOfDay(day: DayCoverage) {
  const logged = day.knownS + day.gapS
  return isBehind(day) || logged === 0 ? null : gradeOf(logged, day.gapS)
}

function print(us: Micros | null): string | null {
  return us && printInstant(us)
}

/** A time, ms, without what is finer than a microsecond. */
function toMicros(ms: number | null): number | null {
  return ms && Math.round(ms * 1000) / 1000
}
