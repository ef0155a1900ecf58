import type { Sql } from 'postgres'
import type { DayCoverage } from '#core/day-coverage'
import { daysDue } from '#core/days-due'
import { boundGaps, type GapDay } from '#core/gap-lines'
import type { Micros } from '#core/instant'
import { dayOf } from '#core/sealing'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { withStatementLimit } from '../statement-limit.ts'
import { countDay, keepDay, readTold } from '../store/coverage-days.ts'
import { findGaps, keepGapDay } from '../store/gap-days.ts'
import { HISTORY_DAYS } from './history-days.ts'
import { withRecord } from './record-database.ts'

const DAY_US = 86_400_000_000
/** A count may take so long (ms), in place of the two seconds that a reader has. */
const COUNT_MS = 8000
/** So many days are counted in a run: today, and one that is over. */
const MOST_DAYS = 2
/** So many lines of gaps are kept of a day. */
const MOST_LINES = 200

/** What was found of a day; its coverage only when that was due. */
type Counted = {
  readonly day: Micros
  readonly gaps: GapDay
  readonly coverage: DayCoverage | null
}

/**
 * Counts what is held of the days that are due, and folds their gaps and those of today. Throws DatabaseAwayError; what was
 * kept before stays, and the next run begins anew.
 */
export async function countCoverage(env: Env, nowUs: Micros): Promise<void> {
  const today = dayOf(nowUs)
  const due = (await withRecord(env, (sql) => dueNow(sql, nowUs))).slice(0, MOST_DAYS)
  // Each day alone: a connection has ten seconds for all that it is asked.
  for (const day of new Set([today, ...due])) {
    const counted = await withRecord(env, (sql) =>
      withStatementLimit(sql, COUNT_MS, () => count(sql, day, due.includes(day), nowUs)),
    )
    await withAccounts(env, (sql) => keep(sql, counted, nowUs))
  }
}

async function dueNow(sql: Sql, nowUs: Micros): Promise<Micros[]> {
  const { firstUs, told } = await readTold(sql, (nowUs - HISTORY_DAYS * DAY_US) as Micros, nowUs)
  return daysDue(nowUs, firstUs, told, HISTORY_DAYS)
}

async function count(sql: Sql, day: Micros, due: boolean, nowUs: Micros): Promise<Counted> {
  const gaps = boundGaps(await findGaps(sql, day, day === dayOf(nowUs)), MOST_LINES)
  return { day, gaps, coverage: due ? await countDay(sql, day, nowUs) : null }
}

async function keep(sql: Sql, { day, gaps, coverage }: Counted, nowUs: Micros): Promise<void> {
  await keepGapDay(sql, day, gaps, nowUs)
  if (coverage !== null) await keepDay(sql, coverage)
}
