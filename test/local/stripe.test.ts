import type Stripe from 'stripe'
import { afterEach, expect, test } from 'vitest'
import type { StripeStandIn } from '../../local/stripe/stripe.ts'
import { sharedData } from '../shared-data.ts'
import { connect, offer, seconds, stripeRig as startRig, subscribed } from './stripe-rig.ts'
import { stripeSchema } from './stripe-schema.ts'

const schema = sharedData ? stripeSchema() : null
const started: StripeStandIn[] = []

async function stripeRig(options = {}) {
  const rig = await startRig(options)
  started.push(rig.standIn)
  return rig
}

// Whatever a test calls, and whatever comes of it, is held against Stripe's own schema.
afterEach(() => {
  for (const standIn of started.splice(0)) {
    const events = (standIn.control('events', {}) as { events: Record<string, unknown>[] }).events
    const problems = [
      ...standIn
        .calls()
        .flatMap((call) => (WRONG.test(call.body) ? [] : (schema?.callProblems(call) ?? []))),
      ...events.flatMap((event) => schema?.eventProblems(event) ?? []),
    ]
    expect(problems).toEqual([])
  }
})
/** What tests call wrongly on purpose. */
const WRONG = /wrong_parameter/

test('a checkout makes a subscription with a first month by the second, and the next ones bill usage in arrears', async () => {
  const { stripe, standIn } = await stripeRig()
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const { customer, subscription } = await subscribed(stripe, standIn, starter)
  expect(subscription.status).toBe('active')
  const [month, overage] = subscription.items.data
  expect(month?.current_period_end).toBe(seconds('2026-12-01'))
  expect(overage?.quantity).toBeUndefined()
  await stripe.billing.meterEvents.create({
    event_name: starter.meter,
    payload: { stripe_customer_id: customer, value: '125000' },
    identifier: 'first',
    timestamp: seconds('2026-11-10T00:59:59') - 3540,
  })
  standIn.control('clock', { toS: seconds('2026-12-01') + 60 })
  const [draft] = (await stripe.invoices.list({ customer })).data
  expect(draft?.status).toBe('draft')
  expect(draft?.total).toBe(3900 + 1000)
  standIn.control('clock', { toS: seconds('2026-12-02') + 60 })
  const invoices = (await stripe.invoices.list({ customer })).data
  expect(
    invoices.map(({ status, total, billing_reason }) => [status, total, billing_reason]),
  ).toEqual([
    ['paid', 4900, 'subscription_cycle'],
    ['paid', 2730, 'subscription_create'],
  ])
})

test('of an hour the latest event counts, an identifier counts once, and summaries tell it', async () => {
  const { stripe, standIn } = await stripeRig()
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const { customer } = await subscribed(stripe, standIn, starter)
  const tell = (value: number, identifier: string, hour: number) =>
    stripe.billing.meterEvents.create({
      event_name: starter.meter,
      payload: { stripe_customer_id: customer, value: String(value) },
      identifier,
      timestamp: seconds('2026-11-10') + hour * 3600 + 3599,
    })
  standIn.control('clock', { toS: seconds('2026-11-11') })
  await tell(10, 'a', 1)
  await tell(25, 'b', 1)
  await tell(5, 'c', 2)
  await expect(tell(99, 'c', 2)).rejects.toThrow(/already exists with identifier/)
  const [meter] = (await stripe.billing.meters.list()).data
  const times = { start_time: seconds('2026-11-10'), end_time: seconds('2026-11-11') }
  const id = meter?.id ?? ''
  const hours = await stripe.billing.meters.listEventSummaries(id, {
    customer,
    ...times,
    value_grouping_window: 'hour',
  })
  expect(hours.data.map(({ aggregated_value }) => aggregated_value)).toEqual([5, 25])
  const day = await stripe.billing.meters.listEventSummaries(id, { customer, ...times })
  expect(day.data[0]?.aggregated_value).toBe(30)
})

test('a meter event for nobody is taken, and a thin event says so', async () => {
  const { stripe, standIn } = await stripeRig({ thinSecret: 'a secret of thin events' })
  const { meter } = await offer(stripe, 'starter', 3900, '0.008')
  const made = await stripe.v2.core.eventDestinations.create({
    name: 'meters',
    type: 'webhook_endpoint',
    event_payload: 'thin',
    enabled_events: ['v1.billing.meter.error_report_triggered'],
    webhook_endpoint: { url: 'https://kalshibook.test/stripe/meters' },
    include: ['webhook_endpoint.signing_secret'],
  })
  expect(made.webhook_endpoint?.signing_secret).toBe('a secret of thin events')
  await stripe.billing.meterEvents.create({
    event_name: meter,
    payload: { stripe_customer_id: 'cus_nobody', value: '1' },
    identifier: 'lost',
  })
  const [delivery] = standIn.collected()
  const signature = delivery?.headers['stripe-signature'] ?? ''
  const notification = await stripe.parseEventNotificationAsync(
    delivery?.body ?? '',
    signature,
    'a secret of thin events',
  )
  const event = await stripe.v2.core.events.retrieve(notification.id)
  expect(event).toMatchObject({
    data: { reason: { error_types: [{ code: 'meter_event_customer_not_found' }] } },
  })
})

test('an upgrade is charged by the second at once; without a good card it waits, and nothing has changed', async () => {
  const { stripe, standIn } = await stripeRig()
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const pro = await offer(stripe, 'pro', 14_900, '0.006')
  const { customer, subscription } = await subscribed(stripe, standIn, starter)
  const [item] = subscription.items.data
  const upgrade = () =>
    stripe.subscriptions.update(subscription.id, {
      items: [{ id: item?.id ?? '', price: pro.month }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    })
  standIn.control('clock', { toS: seconds('2026-11-16') })
  standIn.control('card', { customer, card: 'declined' })
  const waiting = await upgrade()
  expect(waiting.pending_update).not.toBeNull()
  expect(waiting.items.data[0]?.price.id).toBe(starter.month)
  expect(waiting.status).toBe('active')
  standIn.control('clock', { toS: seconds('2026-11-17') })
  const dropped = await stripe.subscriptions.retrieve(subscription.id)
  expect(dropped.pending_update).toBeNull()
  standIn.control('card', { customer, card: 'good' })
  const upgraded = await upgrade()
  expect(upgraded.items.data[0]?.price.id).toBe(pro.month)
  const [invoice] = (await stripe.invoices.list({ customer })).data
  expect(invoice?.status).toBe('paid')
  expect(invoice?.total).toBe(Math.round((14_900 * 14) / 30) - Math.round((3900 * 14) / 30))
  const statuses = (await stripe.invoices.list({ customer })).data.map(({ status }) => status)
  expect(statuses).toEqual(['paid', 'void', 'paid'])
})

test('who takes the invoice of a waiting upgrade back cancels the upgrade', async () => {
  const { stripe, standIn } = await stripeRig()
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const pro = await offer(stripe, 'pro', 14_900, '0.006')
  const { customer, subscription } = await subscribed(stripe, standIn, starter)
  standIn.control('clock', { toS: seconds('2026-11-16') })
  standIn.control('card', { customer, card: 'declined' })
  const waiting = await stripe.subscriptions.update(subscription.id, {
    items: [{ id: subscription.items.data[0]?.id ?? '', price: pro.month }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
  })
  expect(waiting.pending_update).not.toBeNull()
  const [invoice] = (await stripe.invoices.list({ customer, status: 'open' })).data
  await stripe.invoices.voidInvoice(invoice?.id ?? '')
  const after = await stripe.subscriptions.retrieve(subscription.id)
  expect(after.pending_update).toBeNull()
  expect(after.items.data[0]?.price.id).toBe(starter.month)
})

test('an invoice that is not paid is tried again, its subscription is past due, and ends', async () => {
  const { stripe, standIn } = await stripeRig({ retryDays: [3, 5] })
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const { customer, subscription } = await subscribed(stripe, standIn, starter)
  standIn.control('card', { customer, card: 'declined' })
  standIn.control('clock', { toS: seconds('2026-12-02') + 60 })
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('past_due')
  standIn.control('clock', { toS: seconds('2026-12-05') + 60 })
  const [invoice] = (await stripe.invoices.list({ customer })).data
  expect(invoice?.attempt_count).toBe(2)
  standIn.control('payInvoice', { invoice: invoice?.id })
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active')
  standIn.control('clock', { toS: seconds('2027-01-20') })
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('canceled')
})

test('what ends with its period bills its usage; what is removed before that takes its usage with it', async () => {
  const { stripe, standIn } = await stripeRig()
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const kept = await subscribed(stripe, standIn, starter)
  const removed = await subscribed(stripe, standIn, starter)
  for (const { customer } of [kept, removed]) {
    await stripe.billing.meterEvents.create({
      event_name: starter.meter,
      payload: { stripe_customer_id: customer, value: '100000' },
    })
  }
  await stripe.subscriptions.update(kept.subscription.id, { cancel_at_period_end: true })
  const item = removed.subscription.items.data[1]
  await stripe.subscriptionItems.del(item?.id ?? '', { proration_behavior: 'none' })
  standIn.control('clock', { toS: seconds('2026-12-03') })
  const last = async (customer: string) => (await stripe.invoices.list({ customer })).data[0]?.total
  expect(await last(kept.customer)).toBe(800)
  expect(await last(removed.customer)).toBe(3900)
  expect((await stripe.subscriptions.retrieve(kept.subscription.id)).status).toBe('canceled')
})

test('a call is refused for an unknown or a missing parameter, another key, another route, a metered quantity', async () => {
  const { stripe, standIn } = await stripeRig()
  const { month, overage } = await offer(stripe, 'starter', 3900, '0.008')
  const wrong = { wrong_parameter: '1' } as Stripe.CustomerCreateParams
  await expect(stripe.customers.create(wrong)).rejects.toMatchObject({ code: 'parameter_unknown' })
  const session = {
    mode: 'subscription',
    success_url: 'https://example.test/',
    metadata: { wrong_parameter: 'on purpose' },
  } as const
  const lines = (...line_items: Stripe.Checkout.SessionCreateParams.LineItem[]) =>
    stripe.checkout.sessions.create({ ...session, line_items })
  await expect(lines({ price: month })).rejects.toMatchObject({ code: 'parameter_missing' })
  await expect(lines({ price: overage, quantity: 1 })).rejects.toThrow(/metered/)
  const stranger = connect(standIn, ['sk', 'test', 'nobodysnobodysnobodys'].join('_'))
  await expect(stranger.customers.list()).rejects.toMatchObject({ statusCode: 401 })
  await expect(stripe.coupons.list()).rejects.toMatchObject({ statusCode: 404 })
})

test('an idempotency key has one effect: repeated, answered as before; with other parameters, refused', async () => {
  const { stripe, standIn } = await stripeRig()
  const idempotencyKey = 'customer:1'
  const first = await stripe.customers.create({ email: 'a@example.test' }, { idempotencyKey })
  const second = await stripe.customers.create({ email: 'a@example.test' }, { idempotencyKey })
  expect(second.id).toBe(first.id)
  await expect(
    stripe.customers.create({ email: 'b@example.test' }, { idempotencyKey }),
  ).rejects.toMatchObject({ type: 'StripeIdempotencyError' })
  standIn.control('faults', { failed: 1 })
  const failing = { idempotencyKey: 'customer:2' }
  await expect(stripe.customers.create({}, failing)).rejects.toMatchObject({ statusCode: 500 })
  standIn.control('faults', {})
  await expect(stripe.customers.create({}, failing)).rejects.toMatchObject({ statusCode: 500 })
  const atOnce = await Promise.allSettled(
    Array.from({ length: 5 }, () => stripe.customers.create({}, { idempotencyKey: 'customer:3' })),
  )
  const done = atOnce.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
  expect(new Set(done).size).toBe(1)
  expect((await stripe.customers.list()).data).toHaveLength(2)
})

test('an answer is lost after the deed, and a request that comes twice is done twice unless its key forbids it', async () => {
  const { stripe, standIn } = await stripeRig()
  standIn.control('faults', { lostAfter: 1 })
  const lost = { idempotencyKey: 'lost' }
  await expect(stripe.customers.create({}, lost)).rejects.toThrow(/connection/i)
  standIn.control('faults', { twice: 1 })
  await stripe.customers.create({}, lost)
  expect((await stripe.customers.list()).data).toHaveLength(1)
})

test('webhooks are signed, repeated until they are taken, and made double on demand', async () => {
  const { stripe, standIn } = await stripeRig({ webhookSecret: 'a secret of webhooks' })
  await stripe.webhookEndpoints.create({
    url: 'https://kalshibook.test/stripe/events',
    enabled_events: ['customer.created'],
    api_version: '2026-10-28.endive',
  })
  standIn.control('faults', { webhooks: { double: 1 } })
  const { id } = await stripe.customers.create({})
  await stripe.products.create({ name: 'of which nobody wants to hear' })
  const deliveries = standIn.collected()
  const events = await Promise.all(
    deliveries.map(({ body, headers }) =>
      stripe.webhooks.constructEventAsync(
        body,
        headers['stripe-signature'] ?? '',
        'a secret of webhooks',
      ),
    ),
  )
  expect(events.map(({ data }) => data.object)).toMatchObject([{ id }, { id }])
})

test('a list is told in pages, the newest first', async () => {
  const { stripe } = await stripeRig()
  const ids: string[] = []
  for (let at = 0; at < 5; at += 1) ids.unshift((await stripe.customers.create({})).id)
  const all: string[] = []
  for await (const { id } of stripe.customers.list({ limit: 2 })) all.push(id)
  expect(all).toEqual(ids)
})

test('a checkout by bank transfer is complete and unpaid, until the money comes', async () => {
  const { stripe, standIn } = await stripeRig()
  const { month, overage } = await offer(stripe, 'starter', 3900, '0.008')
  const { id: customer } = await stripe.customers.create({})
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer,
    line_items: [{ price: month, quantity: 1 }, { price: overage }],
    success_url: 'https://example.test/',
  })
  const page = await fetch(session.url ?? '', {
    method: 'POST',
    body: new URLSearchParams({ outcome: 'later' }),
    redirect: 'manual',
  })
  expect(page.status).toBe(303)
  const waiting = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] })
  expect(waiting).toMatchObject({ status: 'complete', payment_status: 'unpaid' })
  expect(waiting.subscription).toMatchObject({ status: 'active' })
  standIn.control('settle', { session: session.id, ok: true })
  const paid = await stripe.checkout.sessions.retrieve(session.id)
  expect(paid.payment_status).toBe('paid')
})

test('what was paid can be given back, once', async () => {
  const { stripe, standIn } = await stripeRig()
  const starter = await offer(stripe, 'starter', 3900, '0.008')
  const { subscription } = await subscribed(stripe, standIn, starter)
  const invoice = await stripe.invoices.retrieve(String(subscription.latest_invoice), {
    expand: ['payments'],
  })
  const intent = invoice.payments?.data[0]?.payment.payment_intent
  const refund = await stripe.refunds.create({ payment_intent: String(intent) })
  expect(refund).toMatchObject({ amount: 2730, status: 'succeeded' })
  await expect(stripe.refunds.create({ payment_intent: String(intent) })).rejects.toMatchObject({
    code: 'charge_already_refunded',
  })
})

test('the portal’s settings are made, read and changed, and a session opens its page', async () => {
  const { stripe } = await stripeRig()
  const made = await stripe.billingPortal.configurations.create({
    features: {
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
    },
  })
  await stripe.billingPortal.configurations.update(made.id, { metadata: { version: '2' } })
  const [listed] = (await stripe.billingPortal.configurations.list()).data
  expect(listed?.metadata).toEqual({ version: '2' })
  expect(listed?.features.subscription_cancel.enabled).toBe(true)
  const { id: customer } = await stripe.customers.create({})
  const session = await stripe.billingPortal.sessions.create({ customer, configuration: made.id })
  expect(await (await fetch(session.url)).text()).toContain('Billing')
})

test('a customer on a test clock lives by that clock', async () => {
  const { stripe, standIn } = await stripeRig()
  const { month } = await offer(stripe, 'starter', 3900, '0.008')
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: seconds('2026-11-10') })
  const { id: customer } = await stripe.customers.create({ test_clock: clock.id })
  standIn.control('card', { customer, card: 'good' })
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: month }] })
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: seconds('2027-01-12') })
  const { items } = await stripe.subscriptions.retrieve(id)
  expect(items.data[0]?.current_period_end).toBe(seconds('2027-02-10'))
  expect((await stripe.invoices.list({ customer })).data).toHaveLength(3)
})
