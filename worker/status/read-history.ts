import type { Context } from 'hono'
import type { Stretch } from '#core/coverage'
import type { DayCoverage } from '#core/day-coverage'
import { fillHours } from '#core/feed-hours'
import { fillRuns, foldIncidents, MINUTE_US, minuteOf } from '#core/feed-incidents'
import { foldGaps, type GapDay } from '#core/gap-lines'
import type { Micros } from '#core/instant'
import { hourOf } from '#core/period'
import { dayOf } from '#core/sealing'
import { printHistory, type StatusHistory } from '#core/wire/status-history-answer'
import type { App } from '../context.ts'
import type { Env } from '../env.ts'
import { nowUs } from '../now.ts'
import { withStatementLimit } from '../statement-limit.ts'
import { readCoverageDays } from '../store/coverage-days.ts'
import { type FeedHistory, MOST_RUNS, readFeedHistory } from '../store/feed-minutes.ts'
import { readGapDays } from '../store/gap-days.ts'
import { HISTORY_DAYS, STATUS_DAYS } from './history-days.ts'
import { keptForAWhile } from './kept-for-a-while.ts'
import { withRecord } from './record-database.ts'

const HOUR_US = 3_600_000_000
/** How long (ms) what was read is good, and how long a request waits for what another one began to read. */
const KEPT_MS = 15_000
const PATIENCE_MS = 4000
/** What 90 days of minutes take is far below this (ms). */
const STATEMENT_MS = 4000
/** Only so far back is read, whatever is asked: what is kept is then of use to whoever asks next. */
const STEPS = [1, STATUS_DAYS, 30, HISTORY_DAYS]

/** What is kept of the past, and when it was read. */
type History = {
  readonly nowUs: Micros
  readonly feed: FeedHistory
  readonly days: readonly DayCoverage[]
  readonly gapDays: readonly (GapDay & { readonly day: Micros })[]
}

/**
 * Tells how the feed and the record did in the last days, this hour included, as it was read within the last 15 seconds,
 * however many ask. Throws DatabaseAwayError when it cannot be read now.
 */
export async function tellHistory(c: Context<App>, days: number): Promise<StatusHistory> {
  const read = await keptHistory(c, STEPS.find((step) => step >= days) ?? HISTORY_DAYS)
  const fromUs = beginOf(read.nowUs, days)
  const known = lookedAt(read.feed, fromUs, read.nowUs)
  const gaps = foldGaps(read.gapDays.flatMap(({ lines }) => lines))
  return printHistory({
    stretch: { fromUs, toUs: read.nowUs },
    firstUs: read.feed.firstUs,
    hours: known === null ? [] : fillHours(read.feed.hours, known),
    incidents: known === null ? [] : foldIncidents(fillRuns(read.feed.runs, known)),
    gaps: gaps.filter(({ toUs }) => toUs === null || toUs >= fromUs),
    gapsLeftOff: read.gapDays
      .filter(({ day }) => day >= dayOf(fromUs))
      .reduce((sum, { leftOff }) => sum + leftOff, 0),
    days: read.days.filter(({ day }) => day >= dayOf(fromUs)),
  })
}

const keptHistory = keptForAWhile(readHistory, KEPT_MS, PATIENCE_MS)

async function readHistory(env: Env, days: number): Promise<History> {
  const now = nowUs()
  const fromUs = beginOf(now, days)
  const [feed, coverage, gapDays] = await withRecord(env, (sql) =>
    withStatementLimit(sql, STATEMENT_MS, () =>
      Promise.all([
        readFeedHistory(sql, fromUs),
        readCoverageDays(sql, fromUs),
        readGapDays(sql, fromUs),
      ]),
    ),
  )
  return { nowUs: now, feed, days: coverage, gapDays }
}

/** The begin of the oldest of so many days' hours. */
function beginOf(now: Micros, days: number): Micros {
  return (hourOf(now) - (days * 24 - 1) * HOUR_US) as Micros
}

/** The minutes that should have been looked at; this one is only once it was. Null when none should. */
function lookedAt({ firstUs, runs }: FeedHistory, fromUs: Micros, now: Micros): Stretch | null {
  if (firstUs === null) return null
  const begin = runs.length < MOST_RUNS ? firstUs : (runs[0]?.fromUs ?? firstUs)
  const toUs = Math.max(minuteOf(now), runs.at(-1)?.toUs ?? 0) as Micros
  const span = { fromUs: Math.max(fromUs, begin) as Micros, toUs }
  return toUs - span.fromUs >= MINUTE_US ? span : null
}
