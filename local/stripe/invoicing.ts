import { Refusal } from './refusal.ts'
import { dueOf, showInvoice, totalOf } from './show-invoice.ts'
import { showSubscription } from './show-subscription.ts'
import { type Invoice, type Line, newId, type Subscription } from './state.ts'
import { tellUsage } from './usage.ts'
import type { World } from './world.ts'

const DAY_S = 86_400

/** What nothing was done with yet. */
export const UNSETTLED = {
  status: 'draft',
  finalizesAt: null,
  finalizedAt: null,
  paidAt: null,
  voidedAt: null,
  attempts: 0,
  nextAttempt: null,
  number: null,
  startingBalance: 0,
  amountPaid: 0,
  refunded: 0,
} as const

/** Makes a draft of so many lines. */
export function draftInvoice(
  world: World,
  subscription: Subscription,
  reason: Invoice['reason'],
  lines: Line[],
  period: { readonly from: number; readonly to: number },
  atS: number,
): Invoice {
  const invoice: Invoice = {
    id: newId('in'),
    customer: subscription.customer,
    subscription: subscription.id,
    created: atS,
    reason,
    lines,
    periodStart: period.from,
    periodEnd: period.to,
    ...UNSETTLED,
  }
  world.state.invoices.set(invoice.id, invoice)
  subscription.latestInvoice = invoice.id
  world.emit('invoice.created', showInvoice(world, invoice), atS)
  return invoice
}

/** Fixes what a draft asks for. */
export function finalizeInvoice(world: World, invoice: Invoice, atS: number): void {
  if (invoice.status !== 'draft') {
    throw new Refusal('This invoice is already finalized', { code: 'invoice_not_editable' })
  }
  tellUsage(world, invoice)
  const customer = world.state.customers.get(invoice.customer)
  invoice.status = 'open'
  invoice.finalizesAt = null
  invoice.finalizedAt = atS
  if (customer !== undefined) {
    invoice.startingBalance = customer.balance
    customer.balance = Math.min(0, totalOf(invoice) + customer.balance)
    customer.invoices += 1
    invoice.number = `${customer.id.slice(-8).toUpperCase()}-${customer.invoices}`
  }
  world.emit('invoice.finalized', showInvoice(world, invoice), atS)
}

/**
 * Charges the customer's card for an open invoice; without success it is tried again days later, and what becomes of its
 * subscription then is as the account is set.
 * @returns whether it is paid
 */
export function collectInvoice(world: World, invoice: Invoice, atS: number): boolean {
  const customer = world.state.customers.get(invoice.customer)
  if (invoice.status !== 'open') return invoice.status === 'paid'
  if (dueOf(invoice) > 0) invoice.attempts += 1
  if (dueOf(invoice) === 0 || customer?.card === 'good') {
    payInvoice(world, invoice, atS)
    return true
  }
  const days = world.options.retryDays[invoice.attempts - 1]
  invoice.nextAttempt = days === undefined ? null : atS + days * DAY_S
  world.emit('invoice.payment_failed', showInvoice(world, invoice), atS)
  if (customer?.card === 'action') {
    world.emit('invoice.payment_action_required', showInvoice(world, invoice), atS)
  }
  const subscription = world.state.subscriptions.get(invoice.subscription)
  if (subscription === undefined || subscription.pendingUpdate?.invoice === invoice.id) return false
  if (subscription.status === 'active') become(world, subscription, 'past_due', atS)
  if (invoice.nextAttempt === null && subscription.status === 'past_due')
    giveUp(world, subscription, atS)
  return false
}

/** Notes that an open invoice was paid; its subscription is in order again once nothing else is owed. */
export function payInvoice(world: World, invoice: Invoice, atS: number): void {
  invoice.status = 'paid'
  invoice.paidAt = atS
  invoice.amountPaid = dueOf(invoice)
  invoice.nextAttempt = null
  const subscription = world.state.subscriptions.get(invoice.subscription)
  world.emit('invoice.paid', showInvoice(world, invoice), atS)
  world.emit('invoice.payment_succeeded', showInvoice(world, invoice), atS)
  if (subscription === undefined) return
  const { pendingUpdate } = subscription
  if (pendingUpdate?.invoice === invoice.id) {
    subscription.items = pendingUpdate.items
    subscription.pendingUpdate = null
    const shown = showSubscription(world, subscription)
    world.emit('customer.subscription.pending_update_applied', shown, atS)
    world.emit('customer.subscription.updated', shown, atS)
  }
  const trouble = ['past_due', 'unpaid', 'incomplete'].includes(subscription.status)
  if (trouble && !owes(world, subscription)) become(world, subscription, 'active', atS)
}

/**
 * Takes an open invoice back; an update that waited for it is cancelled by that.
 * https://docs.stripe.com/billing/subscriptions/pending-updates#cancel
 */
export function voidInvoice(world: World, invoice: Invoice, atS: number): void {
  if (invoice.status !== 'open') throw new Refusal('You can only void open invoices.')
  invoice.status = 'void'
  invoice.voidedAt = atS
  invoice.nextAttempt = null
  world.emit('invoice.voided', showInvoice(world, invoice), atS)
  const subscription = world.state.subscriptions.get(invoice.subscription)
  if (subscription?.pendingUpdate?.invoice !== invoice.id) return
  subscription.pendingUpdate = null
  world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
}

/** Whether an invoice of a subscription was tried to be paid in vain. */
function owes(world: World, { id, pendingUpdate }: Subscription): boolean {
  return [...world.state.invoices.values()].some(
    (each) =>
      each.subscription === id && each.status === 'open' && each.id !== pendingUpdate?.invoice,
  )
}

/** Gives a subscription another status, and says so. */
export function become(
  world: World,
  subscription: Subscription,
  status: Subscription['status'],
  atS: number,
): void {
  subscription.status = status
  world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
}

function giveUp(world: World, subscription: Subscription, atS: number): void {
  if (world.options.afterRetries === 'unpaid') become(world, subscription, 'unpaid', atS)
  else endSubscription(world, subscription, 'payment_failed', atS)
}

/** Ends a subscription: it will make no invoice any more, and those that are open are not collected by themselves. */
export function endSubscription(
  world: World,
  subscription: Subscription,
  reason: NonNullable<Subscription['endReason']>,
  atS: number,
): void {
  subscription.status = 'canceled'
  subscription.canceledAt ??= atS
  subscription.endedAt = atS
  subscription.endReason = reason
  subscription.pending = []
  subscription.pendingUpdate = null
  for (const invoice of world.state.invoices.values()) {
    if (invoice.subscription === subscription.id && invoice.status === 'open') {
      invoice.nextAttempt = null
    }
  }
  world.emit('customer.subscription.deleted', showSubscription(world, subscription), atS)
}
