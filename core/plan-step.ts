import type { Micros } from './instant.ts'
import type { PlanName } from './plan.ts'
import { rankOf } from './price-book.ts'
import type { Bill } from './subscription.ts'

/** One call that brings a subscription nearer to the plan that is wanted. */
export type PlanStep =
  | { readonly kind: 'add_overage'; readonly plan: PlanName }
  | {
      readonly kind: 'set_month'
      readonly plan: PlanName
      readonly item: string
      /** Whether the rest of the month is invoiced now, and the plan changes when that is paid. */
      readonly invoice: boolean
    }
  | { readonly kind: 'set_end'; readonly atPeriodEnd: boolean }
  /** An upgrade that was not paid yet is not wanted any more: its invoice is taken back. */
  | { readonly kind: 'drop_upgrade'; readonly invoice: string }
  /** The wanted plan is agreed on; its invoice is to be paid; there is nothing that could be changed; a month is unpaid. */
  | { readonly kind: 'reached' }
  | { readonly kind: 'to_pay' }
  | { readonly kind: 'needs_checkout' }
  | { readonly kind: 'unpaid' }

/**
 * The next step towards a plan, of which each may be repeated. A larger one is paid for at once, from what the period is
 * paid for: a smaller one that was agreed for its end is taken back first. A smaller one comes at the period's end.
 */
export function planStep({ current, paidPlan, unpaid, toPay }: Bill, wanted: PlanName): PlanStep {
  if (current === null || current.month === null || paidPlan === null) {
    return wanted === 'free' ? { kind: 'reached' } : { kind: 'needs_checkout' }
  }
  const { month, cancelAtUs } = current
  if (wanted === 'free') {
    return cancelAtUs === null ? { kind: 'set_end', atPeriodEnd: true } : { kind: 'reached' }
  }
  const larger = rankOf(wanted) > rankOf(paidPlan)
  if (toPay !== null) return larger ? { kind: 'to_pay' } : { kind: 'drop_upgrade', invoice: toPay }
  if (larger && unpaid) return { kind: 'unpaid' }
  if (cancelAtUs !== null) return { kind: 'set_end', atPeriodEnd: false }
  // What is used beyond the included credits must have its item before the plan can be in force.
  if (!current.overage.some(({ plan }) => plan === wanted)) {
    return { kind: 'add_overage', plan: wanted }
  }
  const { item } = month
  if (larger && month.plan !== wanted) {
    return month.plan === paidPlan
      ? { kind: 'set_month', plan: wanted, item, invoice: true }
      : { kind: 'set_month', plan: paidPlan, item, invoice: false }
  }
  if (month.plan !== wanted) return { kind: 'set_month', plan: wanted, item, invoice: false }
  return { kind: 'reached' }
}

/**
 * The overage item that has served: its plan is neither paid for nor agreed on, it is of an earlier period, and that period's
 * last invoice is out, which it would be missing from otherwise.
 */
export function servedItem(
  { current, paidPlan }: Bill,
  lastInvoice: { readonly draft: boolean; readonly createdUs: Micros } | null,
): string | null {
  if (current === null || current.month === null || current.pending) return null
  if (lastInvoice === null || lastInvoice.draft || lastInvoice.createdUs < current.fromUs) {
    return null
  }
  const wanted = new Set<PlanName | null>([current.month.plan, paidPlan])
  const served = current.overage.find(
    ({ plan, createdUs }) => !wanted.has(plan) && createdUs < current.fromUs,
  )
  return served?.item ?? null
}
