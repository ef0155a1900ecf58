import type { Micros } from './instant.ts'
import { monthOf, proratedCredits } from './period.ts'
import { PLANS, type PlanName } from './plan.ts'
import { rankOf } from './price-book.ts'

/** What choosing a plan would do. */
export type PlanMove =
  /** The account is on it, and stays. */
  | { readonly kind: 'stay' }
  /** The account is on it; what was agreed instead for the month's end is taken back. */
  | { readonly kind: 'keep' }
  /** Paid at once for the rest of the month: cents, and the credits that this brings to what the plan has now. */
  | {
      readonly kind: 'subscribe' | 'upgrade'
      readonly nowCents: number
      readonly nowCredits: number
    }
  /** Comes at the month's end; nothing is given back. */
  | { readonly kind: 'downgrade' | 'cancel'; readonly fromUs: Micros }
  /** It is agreed on for the month's end already. */
  | { readonly kind: 'agreed'; readonly fromUs: Micros }
  /** An invoice must be paid before anything else is bought. */
  | { readonly kind: 'unpaid' }

/** How an account is on its plan. */
export type OnPlan = {
  readonly plan: PlanName
  /** The plan that is agreed for the month's end; null for the same one. */
  readonly next: PlanName | null
  readonly subscribed: boolean
  /** A month is unpaid. */
  readonly unpaid: boolean
}

/** What choosing a plan would do to an account now: prices as Stripe prorates them, by the second. */
export function planMove(on: OnPlan, wanted: PlanName, nowUs: Micros): PlanMove {
  const { plan, next, subscribed, unpaid } = on
  const fromUs = monthOf(nowUs).toUs
  if (!subscribed) {
    if (wanted === plan || wanted === 'free') return { kind: 'stay' }
    return {
      kind: 'subscribe',
      nowCents: restCents(wanted, nowUs),
      nowCredits: proratedCredits(PLANS[wanted].credits, nowUs),
    }
  }
  // Its last month was not paid: it has lapsed.
  if (plan === 'free') return wanted === 'free' ? { kind: 'cancel', fromUs } : { kind: 'unpaid' }
  if (wanted === plan) return next === null ? { kind: 'stay' } : { kind: 'keep' }
  if (wanted === next) return { kind: 'agreed', fromUs }
  if (wanted === 'free') return { kind: 'cancel', fromUs }
  if (rankOf(wanted) < rankOf(plan)) return { kind: 'downgrade', fromUs }
  if (unpaid) return { kind: 'unpaid' }
  const nowCents = restCents(wanted, nowUs) - restCents(plan, nowUs)
  const more = PLANS[wanted].credits - PLANS[plan].credits
  return { kind: 'upgrade', nowCents, nowCredits: proratedCredits(more, nowUs) }
}

/** What the rest of the month costs, cents. */
function restCents(plan: PlanName, nowUs: Micros): number {
  const { fromUs, toUs } = monthOf(nowUs)
  return Math.round((PLANS[plan].monthCents * (toUs - nowUs)) / (toUs - fromUs))
}

/** How many credits beyond a plan's own a cap buys; 0 where none are sold. @param capCents a month */
export function cappedCredits(plan: PlanName, capCents: number): number {
  const { overageCents } = PLANS[plan]
  return overageCents === null ? 0 : Math.floor((capCents * PACK) / overageCents)
}

/** The credits that a price of overage is told for. */
const PACK = 100_000
