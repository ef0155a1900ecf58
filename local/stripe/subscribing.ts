import { amountOf } from './amount.ts'
import {
  become,
  collectInvoice,
  draftInvoice,
  endSubscription,
  finalizeInvoice,
  voidInvoice,
} from './invoicing.ts'
import { proration } from './item-changes.ts'
import { billingMonth, monthsAfter } from './months.ts'
import { found, Refusal } from './refusal.ts'
import { showSubscription } from './show-subscription.ts'
import {
  type Customer,
  type Invoice,
  type Item,
  type Line,
  type Metadata,
  newId,
  type Subscription,
} from './state.ts'
import type { World } from './world.ts'

const HOUR_S = 3600

export type NewSubscription = {
  readonly customer: Customer
  readonly items: Item[]
  /** When the first whole month begins; null for now. */
  readonly anchor: number | null
  readonly prorate: boolean
  readonly metadata: Metadata
  readonly description: string | null
  /** Whether the first invoice is charged now; otherwise it stays open. */
  readonly collect: boolean
  /** Whether it is active though its first invoice is not paid: it is while an asynchronous payment is under way. */
  readonly trusted: boolean
}

/** Makes a subscription and its first invoice. Throws a Refusal. */
export function subscribe(world: World, plan: NewSubscription, atS: number): Subscription {
  const anchor = anchorFor(plan.anchor, atS)
  const period = { from: atS, to: anchor > atS ? anchor : monthsAfter(anchor, 1) }
  const subscription: Subscription = {
    id: newId('sub'),
    customer: plan.customer.id,
    created: atS,
    status: plan.trusted ? 'active' : 'incomplete',
    anchor,
    periodStart: period.from,
    periodEnd: period.to,
    items: plan.items,
    metadata: plan.metadata,
    description: plan.description,
    cancelAtPeriodEnd: false,
    cancelAt: null,
    canceledAt: null,
    endedAt: null,
    endReason: null,
    latestInvoice: null,
    pending: [],
    pendingUpdate: null,
  }
  world.state.subscriptions.set(subscription.id, subscription)
  const licensed = plan.items.filter(({ quantity }) => quantity !== null)
  const lines = licensed.flatMap((item) => {
    if (anchor <= atS) return [wholeMonth(world, item, period)]
    const line = plan.prorate ? proration(world, subscription, item, 1, atS) : null
    return line === null ? [] : [line]
  })
  const now = { from: atS, to: atS }
  world.emit('customer.subscription.created', showSubscription(world, subscription), atS)
  const invoice = draftInvoice(world, subscription, 'subscription_create', lines, now, atS)
  finalizeInvoice(world, invoice, atS)
  if (plan.collect) collectInvoice(world, invoice, atS)
  return subscription
}

function anchorFor(asked: number | null, atS: number): number {
  if (asked === null) return atS
  const param = 'billing_cycle_anchor'
  if (asked <= atS) throw new Refusal('billing_cycle_anchor must be in the future.', { param })
  if (asked > monthsAfter(atS, 1)) {
    throw new Refusal('billing_cycle_anchor cannot be later than the next natural billing date.', {
      param,
    })
  }
  return asked
}

function wholeMonth(world: World, item: Item, period: { from: number; to: number }): Line {
  const price = found(world.state.prices, 'price', item.price)
  return {
    id: newId('il'),
    amount: amountOf(price, item.quantity ?? 0),
    quantity: item.quantity,
    description: 'A month',
    ...period,
    price: item.price,
    item: item.id,
    proration: false,
    metered: false,
  }
}

function used(item: Item, from: number, to: number): Line {
  return {
    id: newId('il'),
    amount: 0,
    quantity: 0,
    description: 'Usage',
    from: Math.max(from, item.created),
    to,
    price: item.price,
    item: item.id,
    proration: false,
    metered: true,
  }
}

/** Ends a period: what was used is billed, and the next month in advance unless the subscription ends with it. */
export function endPeriod(world: World, subscription: Subscription): void {
  const { periodStart: from, periodEnd: atS, items } = subscription
  const metered = items.filter(({ quantity }) => quantity === null)
  const lines = metered.map((item) => used(item, from, atS))
  const ends = subscription.cancelAt !== null && subscription.cancelAt <= atS
  if (!ends) {
    const next = billingMonth(subscription.anchor, atS)
    const licensed = items.filter(({ quantity }) => quantity !== null)
    lines.push(...subscription.pending, ...licensed.map((item) => wholeMonth(world, item, next)))
    subscription.pending = []
    subscription.periodStart = next.from
    subscription.periodEnd = next.to
  }
  if (lines.length > 0) {
    const period = { from, to: atS }
    const invoice = draftInvoice(world, subscription, 'subscription_cycle', lines, period, atS)
    const halted = subscription.status === 'unpaid'
    invoice.finalizesAt = halted ? null : atS + world.options.draftHours * HOUR_S
  }
  if (ends) endSubscription(world, subscription, 'cancellation_requested', atS)
  else world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
}

/** Cancels at once. @param invoiceNow whether what was used is billed; else it is forgotten */
export function cancelNow(
  world: World,
  subscription: Subscription,
  { invoiceNow, prorate }: { readonly invoiceNow: boolean; readonly prorate: boolean },
  atS: number,
): void {
  const { items, periodStart } = subscription
  const lines: Line[] = []
  if (prorate) {
    lines.push(...items.flatMap((item) => proration(world, subscription, item, -1, atS) ?? []))
  }
  if (invoiceNow) {
    const metered = items.filter(({ quantity }) => quantity === null)
    lines.push(...subscription.pending, ...metered.map((item) => used(item, periodStart, atS)))
  }
  let invoice: Invoice | null = null
  if (invoiceNow && lines.length > 0) {
    const period = { from: periodStart, to: atS }
    invoice = draftInvoice(world, subscription, 'subscription_update', lines, period, atS)
    finalizeInvoice(world, invoice, atS)
  }
  endSubscription(world, subscription, 'cancellation_requested', atS)
  if (invoice !== null) collectInvoice(world, invoice, atS)
}

/** Forgets an update that was not paid in time. */
export function dropPendingUpdate(world: World, subscription: Subscription, atS: number): void {
  const { pendingUpdate } = subscription
  if (pendingUpdate === null) return
  const invoice = world.state.invoices.get(pendingUpdate.invoice)
  subscription.pendingUpdate = null
  if (invoice?.status === 'open') voidInvoice(world, invoice, atS)
  const shown = showSubscription(world, subscription)
  world.emit('customer.subscription.pending_update_expired', shown, atS)
  world.emit('customer.subscription.updated', shown, atS)
}

/** Ends a subscription whose first invoice was not paid in time. */
export function expireIncomplete(world: World, subscription: Subscription, atS: number): void {
  const invoice = world.state.invoices.get(subscription.latestInvoice ?? '')
  if (invoice?.status === 'open') voidInvoice(world, invoice, atS)
  subscription.endedAt = atS
  become(world, subscription, 'incomplete_expired', atS)
}
