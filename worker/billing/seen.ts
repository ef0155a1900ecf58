import type Stripe from 'stripe'
import type { CustomerSeen, InvoiceLine, InvoiceSeen, SubscriptionSeen } from '#core/customer-seen'
import type { Micros } from '#core/instant'
import type { Env } from '../env.ts'
import { type Prices, pricesOf } from './prices.ts'
import { needStripe } from './stripe.ts'

/** So many a page, and so many in all: an upgrade that is asked for again and again and never paid leaves an invoice each time. */
const PAGE = 100
const MOST = 2000

/** What Stripe tells of a customer, and what is kept of its invoices for its owner to read. */
export type CustomerReading = {
  readonly seen: CustomerSeen
  readonly invoices: readonly Stripe.Invoice[]
  readonly deleted: boolean
}

const NOTHING: CustomerReading = {
  seen: { subscriptions: [], invoices: [] },
  invoices: [],
  deleted: true,
}

/** Asks Stripe for all of a customer that matters. Throws what Stripe's package throws. */
export async function readCustomer(env: Env, customer: string): Promise<CustomerReading> {
  const { stripe, livemode } = needStripe(env)
  const asked = { customer, limit: PAGE }
  const [subscriptions, invoices] = await Promise.all([
    stripe.subscriptions.list({ ...asked, status: 'all' }).autoPagingToArray({ limit: MOST }),
    stripe.invoices.list(asked).autoPagingToArray({ limit: MOST }),
  ]).catch((error: unknown) => {
    if (isMissing(error)) return [null, null]
    throw error
  })
  if (subscriptions === null || invoices === null) return NOTHING
  const ours = <One extends { livemode: boolean }>(one: One) => one.livemode === livemode
  const subs = subscriptions.filter(ours).filter((one) => idOf(one.customer) === customer)
  const bills = invoices.filter(ours).filter((one) => idOf(one.customer) === customer)
  const named = [
    ...subs.flatMap((one) => one.items.data.map((item) => item.price.id)),
    ...bills.flatMap((one) => one.lines.data.flatMap(priceOfLine)),
  ]
  const unknown = new Set(named)
  const prices = await pricesOf(env, (known) => [...unknown].every((id) => known.useOf(id)))
  return {
    seen: {
      subscriptions: subs.map((one) => subscriptionSeen(one, prices)),
      invoices: bills.map((one) => invoiceSeen(one, prices)),
    },
    invoices: bills,
    deleted: false,
  }
}

function subscriptionSeen(one: Stripe.Subscription, prices: Prices): SubscriptionSeen {
  const items = one.items.data.map((item) => ({ item, use: prices.useOf(item.price.id) }))
  const month = items.find(({ use }) => use?.kind === 'month')
  const overage = items.flatMap(({ item, use }) =>
    use?.kind === 'overage'
      ? [{ item: item.id, plan: use.plan, createdUs: micros(item.created) }]
      : [],
  )
  const bounds = month?.item ?? one.items.data[0]
  const toUs = micros(bounds?.current_period_end ?? one.created)
  const cancelAt = one.cancel_at_period_end ? toUs : one.cancel_at && micros(one.cancel_at)
  const ended = one.ended_at ?? (one.status === 'canceled' ? one.canceled_at : null)
  return {
    id: one.id,
    status: one.status,
    createdUs: micros(one.created),
    endedUs: ended === null ? null : micros(ended),
    cancelAtUs: cancelAt === null ? null : (cancelAt as Micros),
    fromUs: micros(bounds?.current_period_start ?? one.created),
    toUs,
    month: month?.use ? { item: month.item.id, plan: month.use.plan } : null,
    overage,
    pending: one.pending_update !== null,
  }
}

const REASONS: Readonly<Record<string, InvoiceSeen['reason']>> = {
  subscription_create: 'create',
  subscription_update: 'update',
  subscription_cycle: 'cycle',
}

function invoiceSeen(one: Stripe.Invoice, prices: Prices): InvoiceSeen {
  const { finalized_at, paid_at, voided_at, marked_uncollectible_at } = one.status_transitions
  const lost = voided_at ?? marked_uncollectible_at
  const paid = one.status === 'paid'
  return {
    id: one.id,
    subscription: idOf(one.parent?.subscription_details?.subscription ?? null),
    reason: REASONS[one.billing_reason ?? ''] ?? 'other',
    status: statusOf(one.status),
    createdUs: micros(one.created),
    attempted: one.attempted,
    paidCents: one.amount_paid,
    finalizedUs: finalized_at === null ? null : micros(finalized_at),
    paidUs: paid ? micros(paid_at ?? one.created) : null,
    lostUs: paid || lost === null ? null : micros(lost),
    lines: one.lines.data.flatMap((line) => lineSeen(line, prices)),
  }
}

function lineSeen(line: Stripe.InvoiceLineItem, prices: Prices): InvoiceLine[] {
  const [price] = priceOfLine(line)
  const use = price === undefined ? null : prices.useOf(price)
  if (use?.kind !== 'month') return []
  const { start, end } = line.period
  return [{ plan: use.plan, cents: line.amount, fromUs: micros(start), toUs: micros(end) }]
}

function priceOfLine(line: Stripe.InvoiceLineItem): string[] {
  const id = idOf(line.pricing?.price_details?.price ?? null)
  return id === null ? [] : [id]
}

function statusOf(status: string | null): InvoiceSeen['status'] {
  switch (status) {
    case 'open':
    case 'paid':
    case 'void':
    case 'uncollectible':
      return status
    default:
      return 'draft'
  }
}

/** The id of what Stripe names, or tells whole. */
export function idOf(named: string | { readonly id: string } | null): string | null {
  return typeof named === 'object' ? (named?.id ?? null) : named
}

/** Seconds as µs. */
export function micros(seconds: number): Micros {
  return (seconds * 1_000_000) as Micros
}

/** Whether Stripe has no such object (any more). */
export function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'resource_missing'
}
