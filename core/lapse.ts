import type { InvoiceSeen, SubscriptionSeen } from './customer-seen.ts'
import type { Micros } from './instant.ts'

/** How long an unpaid month leaves the plan as it is, µs. */
export const GRACE_US = 7 * 86_400_000_000

/** A month that is or was not paid in time. */
export type Lapse = {
  readonly invoice: InvoiceSeen
  /** From then on the plan is gone; it may lie ahead. */
  readonly fromUs: Micros
  /** When the plan came back: this month was paid, or a later one. */
  readonly endUs: Micros | null
  /** When this month was paid after all. */
  readonly paidUs: Micros | null
}

/** The months of a subscription that were not paid in time, and those that are unpaid now. */
export function lapsesOf(
  subscription: SubscriptionSeen,
  invoices: readonly InvoiceSeen[],
): Lapse[] {
  // A last invoice has what was used alone: there is no month to lose.
  const months = invoices.filter(
    ({ reason, lines }) => reason === 'cycle' && lines.some(({ cents }) => cents > 0),
  )
  return months.flatMap((invoice) => {
    const fromUs = lapseBegin(subscription, invoice)
    if (fromUs === null) return []
    const { paidUs } = invoice
    const later = months.filter(({ createdUs }) => createdUs > invoice.createdUs)
    const paid = [invoice, ...later].flatMap((each) => each.paidUs ?? [])
    const ends = paid.filter((us) => us >= fromUs)
    const endUs = ends.length === 0 ? null : (Math.min(...ends) as Micros)
    return [{ invoice, fromUs, endUs, paidUs }]
  })
}

/** From when on a month counts as unpaid; null when it was paid before, or is not asked for yet. */
function lapseBegin({ endedUs }: SubscriptionSeen, invoice: InvoiceSeen): Micros | null {
  const { finalizedUs, paidUs, lostUs } = invoice
  if (finalizedUs === null) return null
  const fromUs = Math.min(
    finalizedUs + GRACE_US,
    endedUs === null ? Infinity : Math.max(endedUs, finalizedUs),
    lostUs ?? Infinity,
  )
  return paidUs !== null && paidUs <= fromUs ? null : (fromUs as Micros)
}
