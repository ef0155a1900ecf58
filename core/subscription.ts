import type { CustomerSeen, InvoiceSeen, SubscriptionSeen } from './customer-seen.ts'
import type { Micros } from './instant.ts'
import { type Lapse, lapsesOf } from './lapse.ts'
import { monthOf, proratedCredits } from './period.ts'
import { PLANS, type PlanName } from './plan.ts'
import { rankOf } from './price-book.ts'

export type PlanChange = {
  readonly plan: PlanName
  readonly fromUs: Micros
  readonly source: string
}
export type CreditGrant = {
  readonly source: string
  readonly monthUs: Micros
  readonly credits: number
}

/** What follows from it for the account. */
export type Bill = {
  readonly changes: readonly PlanChange[]
  readonly grants: readonly CreditGrant[]
  /** Until when an unpaid month leaves the plan as it is; null when nothing is unpaid, or when that is over. */
  readonly graceUntilUs: Micros | null
  readonly unpaid: boolean
  readonly paidOnce: boolean
  /** The subscription that counts; null when none is alive. */
  readonly current: SubscriptionSeen | null
  /** The invoice of an upgrade that is to be paid; null for none. */
  readonly toPay: string | null
  /** The plan that the period is paid for, or (for a few days) is being paid for. */
  readonly paidPlan: PlanName | null
  /** Subscriptions beside the one that counts, which were paid too: to be cancelled and refunded. */
  readonly second: readonly string[]
}

/**
 * What an account has by what Stripe tells of its customer: a function of that and the time alone, so that it may be asked in
 * any order and as often as anybody likes. Credits come from paid invoices only, each once by its `source`.
 * @param freeCredits credits that the account has in a month without a plan
 */
export function billOf(seen: CustomerSeen, freeCredits: number, nowUs: Micros): Bill {
  const { kept, second } = keptSubscriptions(seen)
  const parts = kept.map((subscription) => partOf(subscription, seen, freeCredits, nowUs))
  const current = kept.find(({ endedUs }) => endedUs === null) ?? null
  const graces = parts.flatMap(({ graceUntilUs }) => (graceUntilUs === null ? [] : [graceUntilUs]))
  return {
    changes: parts.flatMap(({ changes }) => changes),
    grants: parts.flatMap(({ grants }) => grants),
    graceUntilUs: graces.length === 0 ? null : (Math.min(...graces) as Micros),
    unpaid: parts.some(({ unpaid }) => unpaid),
    paidOnce: seen.invoices.some(({ status, paidCents }) => status === 'paid' && paidCents > 0),
    current,
    toPay: current === null ? null : upgradeToPay(current, seen),
    paidPlan: current === null ? null : paidPlanAt(current, invoicesOf(current, seen), nowUs),
    second,
  }
}

/** A subscription counts from its first paid invoice on; one that is paid while another counts is a second one. */
function keptSubscriptions(seen: CustomerSeen): {
  kept: SubscriptionSeen[]
  second: string[]
} {
  // Stripe tells the newest first; of those that were paid in one second the oldest comes first.
  const paid = seen.subscriptions.toReversed().flatMap((subscription) => {
    const firsts = invoicesOf(subscription, seen)
      .filter(({ reason }) => reason === 'create')
      .flatMap(({ paidUs }) => (paidUs === null ? [] : [paidUs]))
    return firsts.length === 0 ? [] : [{ subscription, paidUs: Math.min(...firsts) }]
  })
  paid.sort((a, b) => a.paidUs - b.paidUs || a.subscription.createdUs - b.subscription.createdUs)
  const kept: SubscriptionSeen[] = []
  const second: string[] = []
  for (const { subscription, paidUs } of paid) {
    const before = kept.at(-1)
    if (before === undefined || (before.endedUs !== null && before.endedUs <= paidUs)) {
      kept.push(subscription)
    } else second.push(subscription.id)
  }
  return { kept, second }
}

function invoicesOf({ id }: SubscriptionSeen, { invoices }: CustomerSeen): InvoiceSeen[] {
  return invoices.filter(({ subscription }) => subscription === id)
}

/** An upgrade waits for its payment while its invoice can be paid: one that was taken back is none. */
function upgradeToPay(subscription: SubscriptionSeen, seen: CustomerSeen): string | null {
  if (!subscription.pending) return null
  const waiting = invoicesOf(subscription, seen).find(
    ({ reason, status }) => reason === 'update' && (status === 'open' || status === 'draft'),
  )
  return waiting?.id ?? null
}

/** The largest plan that is paid for at an instant, or that is on an invoice of a whole month which may still be paid. */
function paidPlanAt(
  subscription: SubscriptionSeen,
  invoices: readonly InvoiceSeen[],
  atUs: Micros,
): PlanName | null {
  const plans = invoices.filter(counts).flatMap(({ lines }) => lines)
  const covering = plans.filter(
    ({ cents, fromUs, toUs }) => cents > 0 && fromUs <= atUs && atUs < toUs,
  )
  const [largest] = covering.map(({ plan }) => plan).sort((a, b) => rankOf(b) - rankOf(a))
  // Of a month that has just begun there may be no invoice yet.
  return largest ?? subscription.month?.plan ?? null
}

function counts({ reason, status }: InvoiceSeen): boolean {
  return status === 'paid' || (reason === 'cycle' && (status === 'draft' || status === 'open'))
}

type Part = Pick<Bill, 'changes' | 'grants' | 'graceUntilUs' | 'unpaid'>

function partOf(
  subscription: SubscriptionSeen,
  seen: CustomerSeen,
  freeCredits: number,
  nowUs: Micros,
): Part {
  const invoices = invoicesOf(subscription, seen)
  const lapses = lapsesOf(subscription, invoices)
  // An upgrade that is not paid does not come about, and nothing is owed.
  const owed = invoices.filter(({ reason }) => reason !== 'update')
  const unpaid = owed.some(({ status, attempted }) => status === 'open' && attempted)
  const graces = lapses.filter(
    ({ invoice, fromUs }) => invoice.attempted && invoice.paidUs === null && fromUs > nowUs,
  )
  const over = lapses.filter(({ fromUs }) => fromUs <= nowUs)
  const during = (us: number) =>
    over.some(({ fromUs, endUs }) => fromUs <= us && (endUs === null || us < endUs))
  const bought = invoices.flatMap((invoice) => changesOf(invoice, subscription))
  const lapsed = over.flatMap(({ invoice, fromUs, endUs }): PlanChange[] => {
    const back = endUs === null ? null : paidPlanAt(subscription, invoices, endUs)
    const { endedUs } = subscription
    // It has ended already, and another may have begun.
    if (endedUs !== null && endedUs <= fromUs) return []
    const ended = endUs !== null && endedUs !== null && endedUs <= endUs
    return [
      { plan: 'free', fromUs, source: `unpaid:${invoice.id}` },
      ...(endUs === null || back === null || ended || during(endUs)
        ? []
        : [{ plan: back, fromUs: endUs, source: `repaid:${invoice.id}` }]),
    ]
  })
  const ahead = aheadOf(subscription, paidPlanAt(subscription, invoices, nowUs), nowUs)
  return {
    changes: [...bought.filter(({ fromUs }) => !during(fromUs)), ...lapsed, ...ahead],
    grants: [
      ...invoices.flatMap(grantsOf),
      ...invoices.flatMap((invoice) => ofUnpaidMonths(invoice, over, during, freeCredits)),
    ],
    graceUntilUs: graces[0]?.fromUs ?? null,
    unpaid,
  }
}

/** What an invoice puts the account on: a first one and an upgrade when they are paid, a month's at its begin. */
function changesOf(invoice: InvoiceSeen, { endedUs }: SubscriptionSeen): PlanChange[] {
  const { id, reason, paidUs } = invoice
  const lines = invoice.lines.filter(({ cents }) => cents > 0)
  const [line] = lines.toSorted((a, b) => rankOf(b.plan) - rankOf(a.plan))
  if (line === undefined) return []
  const change = (at: number): PlanChange[] =>
    at >= line.toUs || (endedUs !== null && at >= endedUs)
      ? []
      : [{ plan: line.plan, fromUs: at as Micros, source: `invoice:${id}` }]
  switch (reason) {
    case 'cycle':
      return change(line.fromUs)
    case 'create':
    case 'update': {
      if (paidUs === null) return []
      // What is in force at a month's begin includes its credits by that: they were granted by this invoice already.
      return change(paidUs === monthOf(paidUs).fromUs ? paidUs + 1 : paidUs)
    }
    case 'other':
      return []
  }
}

/** Credits of a first invoice or an upgrade: what its lines pay for, to the month's end. */
function grantsOf({ id, reason, paidUs, lines }: InvoiceSeen): CreditGrant[] {
  const [first] = lines.filter(({ cents }) => cents > 0)
  if (paidUs === null || first === undefined) return []
  if (reason !== 'create' && reason !== 'update') return []
  const month = monthOf(first.fromUs)
  const credits = lines
    .filter(({ toUs }) => toUs === month.toUs)
    .reduce((sum, { plan, cents }) => sum + Math.sign(cents) * PLANS[plan].credits, 0)
  const granted = proratedCredits(credits, first.fromUs)
  return granted === 0 ? [] : [{ source: `invoice:${id}`, monthUs: month.fromUs, credits: granted }]
}

/**
 * The credits of a month that was not paid in time are taken back, and come again when it is. A month that began while an
 * earlier one was unpaid began without any: it has them when it is paid.
 */
function ofUnpaidMonths(
  invoice: InvoiceSeen,
  over: readonly Lapse[],
  during: (us: number) => boolean,
  freeCredits: number,
): CreditGrant[] {
  const { id, reason, paidUs } = invoice
  const [line] = invoice.lines.filter(({ cents }) => cents > 0)
  if (reason !== 'cycle' || line === undefined) return []
  const beganWithout = during(line.fromUs)
  const lapsed = over.some((lapse) => lapse.invoice.id === id)
  if (!beganWithout && !lapsed) return []
  const credits = PLANS[line.plan].credits - freeCredits
  const monthUs = monthOf(line.fromUs).fromUs
  return [
    ...(beganWithout ? [] : [{ source: `unpaid:${id}`, monthUs, credits: -credits }]),
    ...(paidUs === null ? [] : [{ source: `repaid:${id}`, monthUs, credits }]),
  ]
}

/** What is agreed for the period's end, and what came when it had ended. */
function aheadOf(
  { id, endedUs, cancelAtUs, toUs, month }: SubscriptionSeen,
  paidPlan: PlanName | null,
  nowUs: Micros,
): PlanChange[] {
  const endUs = endedUs ?? cancelAtUs
  if (endUs !== null) return [{ plan: 'free', fromUs: endUs, source: `ended:${id}` }]
  if (month === null || paidPlan === null || month.plan === paidPlan || toUs <= nowUs) return []
  return [{ plan: month.plan, fromUs: toUs, source: `next:${id}:${toUs}` }]
}
