import { z } from 'zod'
import type { Route } from './call.ts'
import { customerOf, needCard } from './customers.ts'
import { newItem, priceFor } from './item-changes.ts'
import { pageOf } from './page-of.ts'
import {
  expand,
  flag,
  inRange,
  merged,
  metadata,
  noTax,
  paged,
  range,
  readParams,
  text,
  whole,
} from './params.ts'
import { found, Refusal } from './refusal.ts'
import { retrieving } from './retrieving.ts'
import { showSubscription } from './show-subscription.ts'
import type { Subscription } from './state.ts'
import { cancelNow, subscribe } from './subscribing.ts'
import { type HowToPay, PAYMENTS, PRORATIONS, updateItems } from './update-subscription.ts'
import type { World } from './world.ts'

/** How many of a price; none of what is metered. */
export const quantity = whole.pipe(z.int().min(0)).optional()
/** How the difference of a change is settled. */
export const howToPay = {
  proration_behavior: z.enum(PRORATIONS).default('create_prorations'),
  payment_behavior: z.enum(PAYMENTS).default('allow_incomplete'),
  proration_date: whole.optional(),
}
export const itemChanges = z.array(
  z.strictObject({
    id: text.optional(),
    price: text.optional(),
    quantity,
    deleted: flag.optional(),
    metadata: metadata.optional(),
  }),
)
const update = z.strictObject({
  items: itemChanges.optional(),
  ...howToPay,
  cancel_at_period_end: flag.optional(),
  cancel_at: z.union([z.literal(''), z.literal('min_period_end'), whole]).optional(),
  cancellation_details: z.strictObject({ comment: z.string() }).optional(),
  description: z.string().max(500).optional(),
  metadata: metadata.optional(),
  off_session: flag.optional(),
  automatic_tax: noTax,
  expand,
})
const creation = z.strictObject({
  customer: text,
  items: z.array(z.strictObject({ price: text, quantity, metadata: metadata.optional() })).min(1),
  billing_cycle_anchor: whole.optional(),
  billing_mode: z.strictObject({ type: z.enum(['flexible']) }).optional(),
  proration_behavior: z.enum(['create_prorations', 'none']).default('create_prorations'),
  payment_behavior: z.enum(['allow_incomplete', 'default_incomplete']).default('allow_incomplete'),
  description: z.string().max(500).optional(),
  metadata: metadata.optional(),
  expand,
})
const listing = z.strictObject({
  ...paged,
  customer: text.optional(),
  price: text.optional(),
  status: z
    .enum([
      'all',
      'ended',
      'active',
      'canceled',
      'incomplete',
      'incomplete_expired',
      'past_due',
      'unpaid',
    ])
    .optional(),
  created: range,
})
const cancelation = z.strictObject({
  invoice_now: flag.default(false),
  prorate: flag.default(false),
  cancellation_details: z.strictObject({ comment: z.string() }).optional(),
  expand,
})
export const subscriptionRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/subscriptions',
    ({ world, params }) => {
      const given = readParams(creation, params)
      const customer = customerOf(world, given.customer, 'customer')
      const atS = world.nowS(customer)
      const collect = given.payment_behavior === 'allow_incomplete'
      if (collect) needCard(customer)
      const items = given.items.map((item, index) => {
        const price = priceFor(world, item.price, `items[${index}][price]`)
        const param = `items[${index}][quantity]`
        return newItem(price, item.quantity, merged({}, item.metadata), atS, param)
      })
      const plan = {
        customer,
        items,
        anchor: given.billing_cycle_anchor ?? null,
        prorate: given.proration_behavior !== 'none',
        metadata: merged({}, given.metadata),
        description: given.description ?? null,
        collect,
        trusted: false,
      }
      return showSubscription(world, subscribe(world, plan, atS))
    },
  ],
  [
    'GET',
    '/v1/subscriptions',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      const all = [...world.state.subscriptions.values()].filter(
        (each) =>
          (asked.customer === undefined || each.customer === asked.customer) &&
          (asked.price === undefined || each.items.some(({ price }) => price === asked.price)) &&
          hasStatus(each, asked.status) &&
          inRange(each.created, asked.created),
      )
      return pageOf('/v1/subscriptions', all, asked, (each) => showSubscription(world, each))
    },
  ],
  retrieving('/v1/subscriptions', (world, id) =>
    showSubscription(world, found(world.state.subscriptions, 'subscription', id)),
  ),
  [
    'POST',
    '/v1/subscriptions/:',
    ({ world, ids: [id = ''], params }) => {
      const subscription = found(world.state.subscriptions, 'subscription', id)
      return showSubscription(world, updated(world, subscription, params))
    },
  ],
  [
    'DELETE',
    '/v1/subscriptions/:',
    ({ world, ids: [id = ''], params }) => {
      const given = readParams(cancelation, params)
      const subscription = found(world.state.subscriptions, 'subscription', id)
      if (subscription.endedAt !== null) {
        throw new Refusal(`No such subscription: '${id}'`, {
          status: 404,
          code: 'resource_missing',
        })
      }
      const how = { invoiceNow: given.invoice_now, prorate: given.prorate }
      cancelNow(world, subscription, how, nowOf(world, subscription))
      return showSubscription(world, subscription)
    },
  ],
]

/** Of what an update may say, only this may be said while it waits for its payment. */
const MAY_WAIT = new Set([
  'items',
  'proration_behavior',
  'proration_date',
  'payment_behavior',
  'expand',
])

function updated(
  world: World,
  subscription: Subscription,
  params: Readonly<Record<string, unknown>>,
): Subscription {
  const given = readParams(update, params)
  const other = Object.keys(params).find((name) => !MAY_WAIT.has(name))
  if (given.payment_behavior === 'pending_if_incomplete' && other !== undefined) {
    const message = `payment_behavior=pending_if_incomplete does not support ${other}.`
    throw new Refusal(message, { param: other })
  }
  const ended = subscription.endedAt !== null
  if (ended && Object.keys(params).some((name) => !['metadata', 'expand'].includes(name))) {
    throw new Refusal('A canceled subscription can only update its metadata.')
  }
  if (given.cancel_at_period_end !== undefined && given.cancel_at !== undefined) {
    throw new Refusal('Give one of cancel_at and cancel_at_period_end.', {
      code: 'parameters_exclusive',
    })
  }
  const atS = nowOf(world, subscription)
  const before = subscription.cancelAt
  subscription.metadata = merged(subscription.metadata, given.metadata)
  subscription.description = given.description ?? subscription.description
  const { cancel_at: at, cancel_at_period_end: atEnd } = given
  if (atEnd !== undefined) cancelLater(subscription, atEnd ? subscription.periodEnd : null, atS)
  if (at !== undefined) {
    const cancelAt = at === '' ? null : at === 'min_period_end' ? subscription.periodEnd : at
    if (cancelAt !== null && cancelAt <= atS) {
      throw new Refusal('cancel_at must be in the future.', { param: 'cancel_at' })
    }
    cancelLater(subscription, cancelAt, atS)
  }
  if (given.items !== undefined && given.items.length > 0) {
    updateItems(world, subscription, given.items, howOf(given), atS)
  } else if (Object.keys(params).length > 0 || before !== subscription.cancelAt) {
    world.emit('customer.subscription.updated', showSubscription(world, subscription), atS)
  }
  return subscription
}

/** Lets it end with its period, or at another second; null takes that back. */
export function cancelLater(subscription: Subscription, at: number | null, nowS: number): void {
  subscription.cancelAt = at
  subscription.cancelAtPeriodEnd = at === subscription.periodEnd
  subscription.canceledAt = at === null ? null : nowS
}

function hasStatus({ status, endedAt }: Subscription, asked: string | undefined): boolean {
  if (asked === undefined) return status !== 'canceled'
  if (asked === 'all') return true
  return asked === 'ended' ? endedAt !== null : status === asked
}

/** The same, in our words. */
export function howOf(given: {
  proration_behavior: HowToPay['proration']
  payment_behavior: HowToPay['payment']
  proration_date?: number | undefined
}): HowToPay {
  return {
    proration: given.proration_behavior,
    payment: given.payment_behavior,
    prorationDate: given.proration_date ?? null,
  }
}

function nowOf(world: World, { customer }: Subscription): number {
  return world.nowS(world.state.customers.get(customer))
}
