import type { UsageRow } from './account-word.ts'
import type { Micros } from './instant.ts'

/** How a month's credits stand. */
export type MonthCredits = {
  /** Credits settled, and those that may still be spent, overage within its cap counted. */
  readonly used: number
  readonly left: number
  /** Where the month ends, µs, exclusive. */
  readonly toUs: number
}

/** Where a month's credits lead if they go on as in the last days. */
export type CreditProjection = {
  /** Credits a day. */
  readonly perDay: number
  /** The days that this is known from: 1 to 7. */
  readonly days: number
  /** Credits at the month's end, as if there were enough of them. */
  readonly atEnd: number
  /** When none are left, µs; null when that is not before the month's end. */
  readonly outUs: Micros | null
}

const DAY_US = 86_400_000_000
const BASIS_DAYS = 7

/**
 * Draws a straight line through the credits of the last seven days, or of as many as there was any use in: one day at the
 * least, so that an hour of trying things out is not taken for the rest of the month.
 * @param rows usage of the last seven days; what is older is passed over
 */
export function projectCredits(
  rows: readonly Pick<UsageRow, 'hourUs' | 'credits'>[],
  { used, left, toUs }: MonthCredits,
  nowUs: number,
): CreditProjection {
  const sinceUs = nowUs - BASIS_DAYS * DAY_US
  const recent = rows.filter(({ hourUs, credits }) => hourUs >= sinceUs && credits > 0)
  const firstUs = recent.reduce((first, { hourUs }) => Math.min(first, hourUs), nowUs)
  const days = Math.max(1, (nowUs - firstUs) / DAY_US)
  const perDay = recent.reduce((sum, { credits }) => sum + credits, 0) / days
  const daysLeft = Math.max(0, toUs - nowUs) / DAY_US
  const more = perDay * daysLeft
  const outInUs = left === 0 ? 0 : Math.floor((left / perDay) * DAY_US)
  const outUs = more > left || left === 0 ? ((nowUs + outInUs) as Micros) : null
  return { perDay, days, atEnd: Math.round(used + more), outUs }
}
