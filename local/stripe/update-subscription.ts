import { PATIENCE_S } from './due.ts'
import { collectInvoice, draftInvoice, finalizeInvoice, voidInvoice } from './invoicing.ts'
import { changeItems, type ItemChange } from './item-changes.ts'
import { Refusal } from './refusal.ts'
import { dueOf } from './show-invoice.ts'
import { showSubscription } from './show-subscription.ts'
import type { Invoice, Item, Line, Subscription } from './state.ts'
import type { World } from './world.ts'

export const PRORATIONS = ['none', 'create_prorations', 'always_invoice'] as const
export const PAYMENTS = [
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
] as const

export type HowToPay = {
  readonly proration: (typeof PRORATIONS)[number]
  readonly payment: (typeof PAYMENTS)[number]
  /** From when on it is prorated, s; null for now. */
  readonly prorationDate: number | null
}

/**
 * Changes the items of a subscription and settles the difference as asked.
 * Throws a Refusal, and then nothing has changed.
 */
export function updateItems(
  world: World,
  subscription: Subscription,
  changes: readonly ItemChange[],
  how: HowToPay,
  atS: number,
): void {
  if (['canceled', 'incomplete_expired'].includes(subscription.status)) {
    throw new Refusal('A canceled subscription can only update its metadata.')
  }
  const fromS = how.prorationDate ?? atS
  if (fromS < subscription.periodStart || fromS > subscription.periodEnd) {
    throw new Refusal('proration_date must lie in the current period.', { param: 'proration_date' })
  }
  const { items, prorations } = changeItems(world, subscription, changes, atS)
  const lines = how.proration === 'none' ? [] : prorations
  if (how.proration !== 'always_invoice' || lines.length === 0) {
    subscription.items = items
    subscription.pending.push(...lines)
    world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
    return
  }
  invoiceNow(world, subscription, items, lines, how.payment, atS)
}

function invoiceNow(
  world: World,
  subscription: Subscription,
  items: Item[],
  prorations: Line[],
  payment: HowToPay['payment'],
  atS: number,
): void {
  const lines = [...subscription.pending, ...prorations]
  const card = world.state.customers.get(subscription.customer)?.card
  const balance = world.state.customers.get(subscription.customer)?.balance ?? 0
  const unpaid = dueOf({ lines, startingBalance: balance }) > 0 && card !== 'good'
  if (unpaid && payment === 'error_if_incomplete') {
    throw new Refusal('Your card was declined.', {
      status: 402,
      type: 'card_error',
      code: 'card_declined',
      kept: true,
    })
  }
  subscription.pending = []
  const period = { from: subscription.periodStart, to: atS }
  const waits = unpaid && payment === 'pending_if_incomplete'
  if (!waits) {
    subscription.items = items
    world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
  }
  const invoice = draftInvoice(world, subscription, 'subscription_update', lines, period, atS)
  finalizeInvoice(world, invoice, atS)
  if (waits) holdUpdate(world, subscription, items, invoice, atS)
  if (payment === 'default_incomplete' && dueOf(invoice) > 0) return
  collectInvoice(world, invoice, atS)
  // It is not tried again by itself: the customer pays it, or the update is dropped.
  if (waits) invoice.nextAttempt = null
}

function holdUpdate(
  world: World,
  subscription: Subscription,
  items: Item[],
  invoice: Invoice,
  atS: number,
): void {
  const before = world.state.invoices.get(subscription.pendingUpdate?.invoice ?? '')
  if (before?.status === 'open') voidInvoice(world, before, atS)
  subscription.pendingUpdate = { items, invoice: invoice.id, until: atS + PATIENCE_S }
  world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
}
