import { z } from 'zod'
import type { Micros } from './instant.ts'
import { monthOf } from './period.ts'
import { PLAN_NAMES, type Plan, type PlanName, planOf } from './plan.ts'

const us = z.int().transform((value) => value as Micros)

/** Terms of one account's own, over those of its plan. */
export const accountTerms = z
  .object({
    credits: z.int().min(0),
    requestsPerS: z.int().min(1),
    connections: z.int().min(0),
    markets: z.int().min(0),
  })
  .partial()

/** What `kb.account_standing` says: all that the Account object must know of its account. */
export const accountStanding = z.object({
  rev: z.int(),
  closed: z.boolean(),
  free_credits: z.boolean(),
  overage_cap_cents: z.int().nullable(),
  overage_suspended: z.string().nullable(),
  paid_once: z.boolean(),
  grace_until_us: us.nullable(),
  terms: accountTerms,
  /** In order; the first is from 0, and some may lie ahead. */
  plans: z.array(z.object({ plan: z.enum(PLAN_NAMES).catch('free'), from_us: us })).min(1),
  grants: z.array(z.object({ source: z.string(), month_us: us, credits: z.int() })),
  keys: z.array(
    z.object({
      id: z.string(),
      rev: z.int(),
      expires_us: us.nullable(),
      revoked_us: us.nullable(),
      month_cap: z.int().nullable(),
    }),
  ),
})
export type AccountStanding = z.infer<typeof accountStanding>

/** The name of the plan in force at an instant. */
export function planNameAt({ plans }: AccountStanding, atUs: Micros): PlanName {
  return plans.findLast(({ from_us }) => from_us <= atUs)?.plan ?? 'free'
}

/** The plan in force at an instant, with the account's own terms over it. */
export function planAt(standing: AccountStanding, atUs: Micros): Plan {
  const plan = planOf(planNameAt(standing, atUs))
  const { terms } = standing
  return {
    ...plan,
    credits: terms.credits ?? plan.credits,
    requestsPerS: terms.requestsPerS ?? plan.requestsPerS,
    streams: {
      connections: terms.connections ?? plan.streams.connections,
      markets: terms.markets ?? plan.streams.markets,
    },
  }
}

/**
 * The credits that a month includes: those of the plan at its begin, and what was granted in it, which never lets plan
 * changes in any order yield more than was paid for.
 * @param monthUs the begin of the month
 */
export function includedCredits(standing: AccountStanding, monthUs: Micros): number {
  // Terms of its own are agreed for every month: what invoices grant or take is of the plan's credits.
  if (standing.terms.credits !== undefined) return standing.terms.credits
  const begin = planAt(standing, monthUs)
  const base = begin.name === 'free' && !standing.free_credits ? 0 : begin.credits
  const granted = standing.grants.filter(({ month_us }) => month_us === monthUs)
  return granted.reduce((sum, { credits }) => sum + credits, base)
}

/**
 * The credits that may be spent in a month beyond the included ones: what the customer's cap pays for; none while overage is
 * off or suspended. Until a first invoice was paid the cap is at most one month's price. After an upgrade they count at the
 * dearest price of the month, as some of them may have been spent at that: the cap is never passed.
 */
export function overageCredits(standing: AccountStanding, atUs: Micros): number {
  const { overageCents, monthCents } = planAt(standing, atUs)
  const { overage_cap_cents: cap, overage_suspended, paid_once } = standing
  if (overageCents === null || cap === null || overage_suspended !== null) return 0
  const cents = paid_once ? cap : Math.min(cap, monthCents)
  return Math.floor((cents * 100_000) / dearestOverage(standing, atUs))
}

/** The highest price of 100,000 credits, cents, among the plans of a month up to an instant. */
function dearestOverage(standing: AccountStanding, atUs: Micros): number {
  const { fromUs } = monthOf(atUs)
  const since = standing.plans.filter(({ from_us }) => fromUs < from_us && from_us <= atUs)
  const plans = [planNameAt(standing, fromUs), ...since.map(({ plan }) => plan)]
  return Math.max(...plans.map((plan) => planOf(plan).overageCents ?? 0))
}
