import { env } from 'cloudflare:workers'
import Stripe from 'stripe'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { openCheckout } from '../../worker/billing/checkout.ts'
import { forgetEvents, runInbox } from '../../worker/billing/inbox.ts'
import { STRIPE_API_VERSION } from '../../worker/billing/stripe-way.ts'
import { call, errorOf } from './api.ts'
import {
  customerOf,
  deliver,
  freshStripe,
  lastInvoice,
  MIDDLE_S,
  newAccount,
  openSession,
  standing,
  stripe,
  subscribe,
} from './billing.ts'
import { asOwner } from './store.ts'

describe('what Stripe tells', () => {
  const NOW = (MIDDLE_S * 1_000_000) as Micros
  const PATH = '/stripe/webhook'
  const SECRET = env.STRIPE_WEBHOOK_SECRET ?? ''
  const crypto = Stripe.createSubtleCryptoProvider()

  beforeAll(freshStripe)
  beforeEach(() =>
    asOwner((sql) => sql`update kb.stripe_events set done_us = 1 where done_us is null`),
  )

  let events = 0

  function event(over: object = {}): string {
    events += 1
    return JSON.stringify({
      id: `evt_test_${events}`,
      object: 'event',
      type: 'customer.subscription.updated',
      livemode: false,
      api_version: STRIPE_API_VERSION,
      data: { object: { object: 'subscription', id: 'sub_none', customer: 'cus_none' } },
      ...over,
    })
  }

  async function signed(body: string, { atS = Date.now() / 1000, secret = SECRET } = {}) {
    const sdk = new Stripe('none', { httpClient: Stripe.createFetchHttpClient() })
    const header = await sdk.webhooks.generateTestHeaderStringAsync({
      payload: body,
      secret,
      timestamp: Math.floor(atS),
      cryptoProvider: crypto,
    })
    return { 'Stripe-Signature': header }
  }

  test.each([
    ['without a signature', () => Promise.resolve({})],
    ['signed with another secret', (body: string) => signed(body, { secret: 'whsec_another' })],
    ['signed five minutes ago', (body: string) => signed(body, { atS: Date.now() / 1000 - 302 })],
    [
      'signed for in five minutes',
      // It comes some time later.
      (body: string) => signed(body, { atS: Date.now() / 1000 + 330 }),
    ],
    ['with a signature of another body', (body: string) => signed(`${body} `)],
  ])('a webhook %s is refused', async (_, sign) => {
    const body = event()
    const answer = await call(PATH, await sign(body), 'POST', body)
    expect(errorOf(answer).code).toBe('forbidden')
  })

  test.each([
    ['of live mode', { livemode: true }],
    ['of another API version', { api_version: '2025-01-01.acacia' }],
    ['of another account', { account: 'acct_2' }],
    ['without an object', { data: {} }],
  ])('a signed webhook %s is refused', async (_, over) => {
    const body = event(over)
    const answer = await call(PATH, await signed(body), 'POST', body)
    expect(errorOf(answer).code).toBe('forbidden')
  })

  test('a body of more than 256 KiB is not read', async () => {
    const body = event({ more: 'x'.repeat(262_144) })
    const answer = await call(PATH, await signed(body), 'POST', body)
    expect(answer.status).toBe(422)
  })

  test('a webhook of a stranger is taken, and does nothing', async () => {
    const body = event()
    const headers = await signed(body)
    expect((await call(PATH, headers, 'POST', body)).status).toBe(200)
    expect((await call(PATH, headers, 'POST', body)).status).toBe(200)
  })

  test('webhooks that come twice, in any order and at once leave the same', async () => {
    const account = await newAccount()
    await openCheckout(env, { accountId: account, email: 'a@example.com' }, 'pro', NOW)
    await stripe('pay', { session: await openSession(account), outcome: 'pay' })
    const { deliveries } = await stripe<{
      deliveries: { url: string; body: string; headers: Record<string, string> }[]
    }>('collected')
    const twice = [...deliveries.toReversed(), ...deliveries]
    await Promise.all(
      twice.map(async ({ headers, body }) => {
        const { status } = await call(PATH, headers, 'POST', body)
        expect(status).toBe(200)
      }),
    )
    const later = (NOW + 1_000_000) as Micros
    expect(await standing(account, later)).toMatchObject({ plan: 'pro', granted: 1_500_000 })
  })

  test('while Stripe is away a webhook is not taken, and what was kept of it is dealt with later', async () => {
    const account = await newAccount()
    await openCheckout(env, { accountId: account, email: 'a@example.com' }, 'starter', NOW)
    await stripe('pay', { session: await openSession(account), outcome: 'pay' })
    const { deliveries } = await stripe<{
      deliveries: { url: string; body: string; headers: Record<string, string> }[]
    }>('collected')
    await stripe('faults', { failed: 1 })
    const paid = deliveries.find(({ body }) => body.includes('"invoice.paid"'))
    const answer = await call(PATH, paid?.headers, 'POST', paid?.body)
    expect(errorOf(answer).code).toBe('upstream_degraded')
    await stripe('faults', {})
    const later = (Date.now() * 1000 + 120_000_000) as Micros
    await runInbox(env, later)
    expect(await standing(account, later)).toMatchObject({ granted: 250_000 })
  })

  test('an event about what Stripe does not have is done with, and what was done with long ago is forgotten', async () => {
    const day = 86_400_000_000
    await asOwner(
      (sql) => sql`
      insert into kb.stripe_events (id, type, customer_id, object_id, received_us, done_us, next_us)
      values ('evt_gone', 'charge.refunded', null, 'ch_none', 1, null, 0),
        ('evt_old', 'invoice.paid', null, 'in_1', ${NOW - 91 * day}, ${NOW - 91 * day}, 0),
        ('evt_kept', 'invoice.paid', null, 'in_1', ${NOW - 89 * day}, ${NOW - 89 * day}, 0)`,
    )
    await runInbox(env, NOW)
    await forgetEvents(env, NOW)
    const left = await asOwner(
      (sql) => sql`
      select id from kb.stripe_events
      where id in ('evt_gone', 'evt_old', 'evt_kept') and (done_us is null or received_us < ${NOW})`,
    )
    expect(left.map((row) => row['id'])).toEqual(['evt_kept'])
  })

  test('a Checkout that is complete and not paid for gives nothing until it is', async () => {
    const account = await newAccount()
    await openCheckout(env, { accountId: account, email: 'a@example.com' }, 'pro', NOW)
    const session = await openSession(account)
    await stripe('pay', { session, outcome: 'later' })
    await deliver()
    const later = (NOW + 1_000_000) as Micros
    expect(await standing(account, later)).toMatchObject({ plan: 'free', granted: 0 })
    await stripe('settle', { session, ok: true })
    await deliver()
    expect(await standing(account, later)).toMatchObject({ plan: 'pro', granted: 1_500_000 })
  })

  test('a dispute suspends overage until it is won, and a refund until somebody lifts it', async () => {
    const account = await newAccount()
    await subscribe(account, 'pro', NOW)
    const invoice = await lastInvoice(account)
    await stripe('dispute', { invoice })
    await deliver()
    expect(await standing(account, NOW)).toMatchObject({ suspended: 'dispute' })
    const held = await asOwner(
      (sql) => sql`select source from kb.billing_holds where account_id = ${account}`,
    )
    await stripe('closeDispute', { dispute: held[0]?.['source'], status: 'won' })
    await deliver()
    expect(await standing(account, NOW)).toMatchObject({ suspended: null })
    await stripe('refund', { invoice })
    await deliver()
    expect(await standing(account, NOW)).toMatchObject({ suspended: 'refund' })
  })

  test('a second subscription is cancelled and refunded, and neither its credits nor its refund count', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'starter', NOW)
    const sdk = new Stripe(env.STRIPE_SECRET_KEY ?? '', {
      host: '127.0.0.1',
      port: new URL(env.STRIPE_API_URL ?? '').port,
      protocol: 'http',
      httpClient: Stripe.createFetchHttpClient(),
    })
    const prices = await sdk.prices.list({ limit: 100 })
    const month = prices.data.find(
      ({ lookup_key }) => lookup_key === 'kalshibook_scale_month_2026_11',
    )
    await sdk.subscriptions.create({
      customer,
      items: [{ price: month?.id ?? '' }],
      billing_cycle_anchor: Date.UTC(2026, 11, 1) / 1000,
    })
    await deliver()
    await deliver()
    const { data } = await sdk.subscriptions.list({ customer, status: 'all' })
    expect(data.map(({ status }) => status).sort()).toEqual(['active', 'canceled'])
    const { data: refunds } = await sdk.refunds.list({ limit: 10 })
    expect(refunds.length).toBeGreaterThan(0)
    const later = (NOW + 1_000_000) as Micros
    expect(await standing(account, later)).toMatchObject({
      plan: 'starter',
      granted: 250_000,
      suspended: null,
    })
    expect(await customerOf(account)).toBe(customer)
  })
})
