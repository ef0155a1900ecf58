import type { Micros } from './instant.ts'
import type { Plan } from './plan.ts'
import { type AccountStanding, includedCredits, overageCredits, planAt } from './standing.ts'

/** What an account may do for a while, worked out once. */
export type Terms = {
  readonly plan: Plan
  /** Credits that the period includes, and how many it may go beyond them. */
  readonly included: number
  readonly overage: number
  /** It holds for instants from here on and until there (exclusive), in one period. */
  readonly fromUs: Micros
  readonly untilUs: number
}

/** @param periodUs the begin of what credits are counted by: the month; of visitors the day */
export function termsAt(standing: AccountStanding, periodUs: Micros, nowUs: Micros): Terms {
  const changes = standing.plans.map(({ from_us }) => from_us)
  return {
    plan: planAt(standing, nowUs),
    included: includedCredits(standing, periodUs),
    overage: overageCredits(standing, nowUs),
    fromUs: changes.findLast((each) => each <= nowUs) ?? (0 as Micros),
    untilUs: changes.find((each) => each > nowUs) ?? Number.POSITIVE_INFINITY,
  }
}

/** Whether an account that can spend no more is so because its payments are in trouble. */
export function isInPaymentTrouble(standing: AccountStanding): boolean {
  return standing.overage_suspended !== null || standing.grace_until_us !== null
}
