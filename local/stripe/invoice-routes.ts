import { z } from 'zod'
import { amountOf } from './amount.ts'
import type { Route } from './call.ts'
import { collectInvoice, finalizeInvoice, payInvoice, UNSETTLED, voidInvoice } from './invoicing.ts'
import { changeItems } from './item-changes.ts'
import { billingMonth } from './months.ts'
import { pageOf } from './page-of.ts'
import { expand, inRange, paged, range, readParams, text, whole } from './params.ts'
import { found, Refusal } from './refusal.ts'
import { onlyExpand, retrieving } from './retrieving.ts'
import { showInvoice, showPayments } from './show-invoice.ts'
import { type Invoice, type Line, newId, type Shown, type Subscription } from './state.ts'
import { itemChanges } from './subscription-routes.ts'
import { PRORATIONS } from './update-subscription.ts'
import type { World } from './world.ts'

const listing = z.strictObject({
  ...paged,
  customer: text.optional(),
  subscription: text.optional(),
  status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
  created: range,
})
const preview = z.strictObject({
  customer: text.optional(),
  subscription: text,
  preview_mode: z.enum(['next']).optional(),
  subscription_details: z
    .strictObject({
      items: itemChanges.optional(),
      proration_behavior: z.enum(PRORATIONS).default('create_prorations'),
      proration_date: whole.optional(),
    })
    .optional(),
  expand,
})

export const invoiceRoutes: readonly Route[] = [
  [
    'GET',
    '/v1/invoices',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      const all = [...world.state.invoices.values()].filter(
        ({ customer, subscription, status, created }) =>
          (asked.customer === undefined || customer === asked.customer) &&
          (asked.subscription === undefined || subscription === asked.subscription) &&
          (asked.status === undefined || status === asked.status) &&
          inRange(created, asked.created),
      )
      return pageOf('/v1/invoices', all, asked, (each) => showInvoice(world, each))
    },
  ],
  ['POST', '/v1/invoices/create_preview', ({ world, params }) => previewed(world, params)],
  retrieving('/v1/invoices', (world, id) =>
    showInvoice(world, found(world.state.invoices, 'invoice', id)),
  ),
  [
    'POST',
    '/v1/invoices/:/finalize',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const invoice = found(world.state.invoices, 'invoice', id)
      finalizeInvoice(world, invoice, nowOf(world, invoice))
      collectInvoice(world, invoice, nowOf(world, invoice))
      return showInvoice(world, invoice)
    },
  ],
  [
    'POST',
    '/v1/invoices/:/pay',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const invoice = found(world.state.invoices, 'invoice', id)
      if (invoice.status !== 'open') throw new Refusal('Only open invoices can be paid.')
      if (world.state.customers.get(invoice.customer)?.card !== 'good') {
        throw new Refusal('Your card was declined.', {
          status: 402,
          type: 'card_error',
          code: 'card_declined',
          kept: true,
        })
      }
      payInvoice(world, invoice, nowOf(world, invoice))
      return showInvoice(world, invoice)
    },
  ],
  [
    'POST',
    '/v1/invoices/:/void',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const invoice = found(world.state.invoices, 'invoice', id)
      voidInvoice(world, invoice, nowOf(world, invoice))
      return showInvoice(world, invoice)
    },
  ],
  [
    'GET',
    '/v1/invoice_payments',
    ({ world, params }) => {
      const asked = readParams(z.strictObject({ ...paged, invoice: text }), params)
      return showPayments(world, found(world.state.invoices, 'invoice', asked.invoice, 'invoice'))
    },
  ],
]

function nowOf(world: World, { customer }: Pick<Invoice, 'customer'>): number {
  return world.nowS(world.state.customers.get(customer))
}

function previewed(world: World, params: Readonly<Record<string, unknown>>): Shown {
  const given = readParams(preview, params)
  const subscription = found(
    world.state.subscriptions,
    'subscription',
    given.subscription,
    'subscription',
  )
  if (subscription.endedAt !== null) {
    throw new Refusal('No upcoming invoices for customer', {
      status: 404,
      code: 'invoice_upcoming_none',
    })
  }
  const {
    items: changes,
    proration_behavior: how,
    proration_date,
  } = given.subscription_details ?? {}
  const atS = proration_date ?? nowOf(world, subscription)
  const { items, prorations } = changeItems(world, subscription, changes ?? [], atS)
  const now = how === 'always_invoice'
  const lines = [...subscription.pending, ...(how === 'none' ? [] : prorations)]
  if (!now) lines.push(...nextLines(world, subscription, items))
  return showInvoice(world, {
    id: newId('upcoming_in'),
    customer: subscription.customer,
    subscription: subscription.id,
    created: now ? atS : subscription.periodEnd,
    reason: now ? 'subscription_update' : 'subscription_cycle',
    lines,
    periodStart: subscription.periodStart,
    periodEnd: now ? atS : subscription.periodEnd,
    ...UNSETTLED,
    startingBalance: world.state.customers.get(subscription.customer)?.balance ?? 0,
  })
}

function nextLines(world: World, subscription: Subscription, items: Subscription['items']): Line[] {
  const next = billingMonth(subscription.anchor, subscription.periodEnd)
  return items.map((item) => {
    const price = found(world.state.prices, 'price', item.price)
    const metered = item.quantity === null
    const period = metered ? { from: subscription.periodStart, to: subscription.periodEnd } : next
    return {
      id: newId('il'),
      amount: metered ? 0 : amountOf(price, item.quantity ?? 0),
      quantity: item.quantity ?? 0,
      description: metered ? 'Usage' : 'A month',
      ...period,
      price: item.price,
      item: item.id,
      proration: false,
      metered,
    }
  })
}
