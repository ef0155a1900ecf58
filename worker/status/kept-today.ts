import type { DayCoverage } from '#core/day-coverage'
import type { Env } from '../env.ts'
import { nowUs } from '../now.ts'
import { readToday } from '../store/coverage-days.ts'
import { keptForAWhile } from './kept-for-a-while.ts'
import { withRecord } from './record-database.ts'

/** How long (ms) an answer is given to whoever asks, and how long a request waits for what another one began. */
const KEPT_MS = 15_000
const PATIENCE_MS = 1500

/**
 * What was counted of today, as it was read within the last 15 seconds; it is counted every 15 minutes. Null when nothing was
 * counted yet, or when it cannot be read now. Never throws.
 */
export const keptToday = keptForAWhile(readNow, KEPT_MS, PATIENCE_MS)

function readNow(env: Env): Promise<DayCoverage | null> {
  return withRecord(env, (sql) => readToday(sql, nowUs())).catch(() => null)
}
