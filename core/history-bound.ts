import type { ApiError } from './api-error.ts'
import { type Micros, printInstant } from './instant.ts'
import { PLANS, type Plan } from './plan.ts'

const DAY_US = 86_400_000_000
/** A request takes a moment: what was within a plan's days when it was sent still is (µs). */
const LENIENT_US = 60_000_000

/** What every plan reads, µs: whatever is younger needs no look at the plan. */
const EVERYBODYS_US = Math.min(
  ...Object.values(PLANS).map(({ historyUs }) => historyUs ?? Number.MAX_SAFE_INTEGER),
)

/** Whether an instant is read by every plan. */
export function isReadByAll(us: Micros, now: Micros): boolean {
  return us >= now - EVERYBODYS_US
}

/** The earliest instant that a plan reads; null when it reads all that there is. */
export function earliestRead({ historyUs }: Plan, now: Micros): Micros | null {
  return historyUs === null ? null : ((now - historyUs) as Micros)
}

/**
 * Why a plan does not read an instant; null when it does.
 * @param param the one that names it
 */
export function historyFault(us: Micros, param: string, plan: Plan, now: Micros): ApiError | null {
  const earliest = earliestRead(plan, now)
  if (earliest === null || us >= earliest - LENIENT_US) return null
  const days = Math.floor((plan.historyUs ?? 0) / DAY_US)
  const message = `this plan reads the last ${days} days, from ${printInstant(earliest)} on`
  return { code: 'forbidden', param, message }
}
