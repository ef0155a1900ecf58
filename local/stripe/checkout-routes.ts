import { z } from 'zod'
import type { Route } from './call.ts'
import { expireSession, showSession, showSessionLines } from './checkout.ts'
import { customerOf } from './customers.ts'
import { priceFor, quantityFor } from './item-changes.ts'
import { monthsAfter } from './months.ts'
import { pageOf } from './page-of.ts'
import {
  expand,
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
import { onlyExpand, retrieving } from './retrieving.ts'
import { type CheckoutSession, newId } from './state.ts'

const HOUR_S = 3600

const creation = z.strictObject({
  mode: z.enum(['subscription']),
  ui_mode: z.enum(['hosted_page']).optional(),
  customer: text.optional(),
  customer_email: text.optional(),
  customer_update: z
    .strictObject({ address: z.enum(['auto', 'never']), name: z.enum(['auto', 'never']) })
    .partial()
    .optional(),
  client_reference_id: text.max(200).optional(),
  line_items: z
    .array(z.strictObject({ price: text, quantity: whole.pipe(z.int().min(1)).optional() }))
    .min(1)
    .max(20),
  success_url: text,
  cancel_url: text.optional(),
  expires_at: whole.optional(),
  metadata: metadata.optional(),
  subscription_data: z
    .strictObject({
      billing_cycle_anchor: whole.optional(),
      billing_mode: z.strictObject({ type: z.enum(['flexible']) }).optional(),
      proration_behavior: z.enum(['create_prorations', 'none']).optional(),
      description: text.max(500).optional(),
      metadata: metadata.optional(),
    })
    .optional(),
  automatic_tax: noTax,
  allow_promotion_codes: z.enum(['false']).optional(),
  billing_address_collection: z.enum(['auto', 'required']).optional(),
  payment_method_collection: z.enum(['always']).optional(),
  submit_type: z.enum(['auto', 'subscribe']).optional(),
  locale: text.optional(),
  expand,
})
const listing = z.strictObject({
  ...paged,
  customer: text.optional(),
  subscription: text.optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
  created: range,
})

export const checkoutRoutes: readonly Route[] = [
  [
    'POST',
    '/v1/checkout/sessions',
    ({ world, params }) => {
      const given = readParams(creation, params)
      if (given.customer !== undefined && given.customer_email !== undefined) {
        throw new Refusal('You may only specify one of customer and customer_email.', {
          code: 'parameters_exclusive',
        })
      }
      if (given.customer_update !== undefined && given.customer === undefined) {
        throw new Refusal('customer_update needs a customer.', { param: 'customer_update' })
      }
      const customer =
        given.customer === undefined ? null : customerOf(world, given.customer, 'customer')
      const nowS = world.nowS(customer)
      const expiresAt = given.expires_at ?? nowS + 24 * HOUR_S
      if (expiresAt < nowS + HOUR_S / 2 || expiresAt > nowS + 24 * HOUR_S) {
        throw new Refusal('expires_at must be 30 minutes to 24 hours ahead.', {
          param: 'expires_at',
        })
      }
      const anchor = given.subscription_data?.billing_cycle_anchor ?? null
      if (anchor !== null && (anchor <= nowS || anchor > monthsAfter(nowS, 1))) {
        throw new Refusal('billing_cycle_anchor must lie in the month ahead.', {
          param: 'subscription_data[billing_cycle_anchor]',
        })
      }
      const items = given.line_items.map(({ price: id, quantity }, index) => {
        const price = priceFor(world, id, `line_items[${index}][price]`)
        const param = `line_items[${index}][quantity]`
        if (!price.metered && quantity === undefined) {
          throw new Refusal('Quantity is required.', { code: 'parameter_missing', param })
        }
        return { price: id, quantity: quantityFor(price, quantity, param) }
      })
      const session: CheckoutSession = {
        id: newId(world.options.livemode ? 'cs_live' : 'cs_test'),
        created: nowS,
        customer: customer?.id ?? null,
        customerEmail: given.customer_email ?? null,
        clientReferenceId: given.client_reference_id ?? null,
        metadata: merged({}, given.metadata),
        subscriptionMetadata: merged({}, given.subscription_data?.metadata),
        anchor,
        prorate: given.subscription_data?.proration_behavior !== 'none',
        items,
        successUrl: given.success_url,
        cancelUrl: given.cancel_url ?? null,
        expiresAt,
        status: 'open',
        paymentStatus: 'unpaid',
        subscription: null,
        invoice: null,
      }
      world.state.sessions.set(session.id, session)
      return showSession(world, session)
    },
  ],
  [
    'GET',
    '/v1/checkout/sessions',
    ({ world, params }) => {
      const asked = readParams(listing, params)
      const all = [...world.state.sessions.values()].filter(
        ({ customer, subscription, status, created }) =>
          (asked.customer === undefined || asked.customer === customer) &&
          (asked.subscription === undefined || asked.subscription === subscription) &&
          (asked.status === undefined || asked.status === status) &&
          inRange(created, asked.created),
      )
      return pageOf('/v1/checkout/sessions', all, asked, (each) => showSession(world, each))
    },
  ],
  retrieving('/v1/checkout/sessions', (world, id) =>
    showSession(world, found(world.state.sessions, 'checkout.session', id)),
  ),
  [
    'GET',
    '/v1/checkout/sessions/:/line_items',
    ({ world, ids: [id = ''], params }) => {
      readParams(z.strictObject(paged), params)
      return showSessionLines(world, found(world.state.sessions, 'checkout.session', id))
    },
  ],
  [
    'POST',
    '/v1/checkout/sessions/:/expire',
    ({ world, ids: [id = ''], params }) => {
      readParams(onlyExpand, params)
      const session = found(world.state.sessions, 'checkout.session', id)
      if (session.status !== 'open') {
        throw new Refusal(`Only open checkouts can be expired: this one is ${session.status}.`)
      }
      expireSession(world, session, world.nowS(world.state.customers.get(session.customer ?? '')))
      return showSession(world, session)
    },
  ],
]
