import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { changePlan } from '../../worker/billing/change-plan.ts'
import { openCheckout } from '../../worker/billing/checkout.ts'
import { endSubscription } from '../../worker/billing/end-subscription.ts'
import { observeAccount } from '../../worker/billing/observe.ts'
import { pursue, runWishes } from '../../worker/billing/pursue.ts'
import { needStripe } from '../../worker/billing/stripe.ts'
import {
  clockTo,
  customerOf,
  DECEMBER_S,
  freshStripe,
  MIDDLE_S,
  newAccount,
  openSession,
  standing,
  stripe,
  subscribe,
} from './billing.ts'
import { asOwner } from './store.ts'

describe('orders of events that nobody should gain or lose by', () => {
  const NOW = (MIDDLE_S * 1_000_000) as Micros
  const DAY_S = 86_400
  const DAY_US = DAY_S * 1_000_000
  const DECEMBER = ((DECEMBER_S + 60) * 1_000_000) as Micros

  beforeAll(freshStripe)
  beforeEach(() => clockTo(MIDDLE_S))
  afterEach(() => stripe('faults', {}))

  type Invoice = { readonly customer: string; readonly total: number; readonly status: string }

  async function invoicesOf(customer: string): Promise<Invoice[]> {
    const { invoices } = await stripe<{ invoices: Invoice[] }>('invoices')
    return invoices.filter((one) => one.customer === customer)
  }

  test('who cancels while an upgrade is to be paid is cancelled', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'starter', NOW)
    await stripe('card', { customer, card: 'declined' })
    expect(await changePlan(env, account, 'pro', NOW)).toEqual({ ok: true, state: 'to_pay' })
    expect(await changePlan(env, account, 'free', NOW)).toEqual({ ok: true, state: 'reached' })
    const later = await clockTo(MIDDLE_S + 2 * DAY_S)
    await pursue(env, account, later)
    expect(await standing(account, DECEMBER)).toMatchObject({ plan: 'free' })
    await clockTo(DECEMBER_S + 4 * DAY_S)
    const asked = (await invoicesOf(customer)).filter(
      ({ status, total }) => status !== 'void' && total > 0,
    )
    expect(asked.length).toBe(1)
  })

  test('who asks for a smaller plan while an upgrade is to be paid need not pay it, and has the smaller one', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'pro', NOW)
    await stripe('card', { customer, card: 'declined' })
    expect(await changePlan(env, account, 'scale', NOW)).toEqual({ ok: true, state: 'to_pay' })
    expect(await changePlan(env, account, 'starter', NOW)).toEqual({ ok: true, state: 'reached' })
    expect((await invoicesOf(customer)).map(({ status }) => status).sort()).toEqual([
      'paid',
      'void',
    ])
    await stripe('card', { customer, card: 'good' })
    await clockTo(DECEMBER_S + 4 * DAY_S)
    expect((await invoicesOf(customer)).map(({ total }) => total)).toContain(3900)
    expect(await standing(account, DECEMBER)).toMatchObject({ plan: 'starter' })
  })

  test('while no answer comes from Stripe a plan is said to be reached later', async () => {
    const account = await newAccount()
    await subscribe(account, 'starter', NOW)
    await stripe('faults', { lostBefore: 1, only: '/v1/subscriptions' })
    expect(await changePlan(env, account, 'free', NOW)).toEqual({ ok: true, state: 'later' })
    await stripe('faults', {})
    expect(await pursue(env, account, NOW)).toEqual({ kind: 'reached' })
  })

  test('a plan that Stripe refuses for good is not asked for again for ever', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'starter', NOW)
    await asOwner(
      (sql) => sql`
      insert into kb.billing_wishes (account_id, plan, number, state, made_us, next_us)
      values (${account}, 'pro', 1, 'open', ${NOW}, 0)`,
    )
    const { prices } = needStripe(env).stripe
    const { data } = await prices.list({ lookup_keys: ['kalshibook_pro_overage_2026_11'] })
    const price = data[0]?.id ?? ''
    await prices.update(price, { active: false })
    for (let day = 0; day < 2; day++) await runWishes(env, (NOW + day * DAY_US) as Micros)
    await prices.update(price, { active: true })
    const [wish] = await asOwner(
      (sql) => sql`select state from kb.billing_wishes where account_id = ${account}`,
    )
    expect(wish).toEqual({ state: 'failed' })
    expect((await invoicesOf(customer)).length).toBe(1)
  })

  test('an account that is closed can open no Checkout, and one that it had open is closed', async () => {
    const account = await newAccount()
    const who = { accountId: account, email: 'a@example.com' }
    await openCheckout(env, who, 'pro', NOW)
    const session = await openSession(account)
    await asOwner((sql) => sql`update kb.accounts set closed_us = 2 where id = ${account}`)
    await endSubscription(env, account, NOW)
    expect(await openCheckout(env, who, 'pro', NOW)).toMatchObject({ ok: false })
    const { data } = await needStripe(env).stripe.checkout.sessions.list({
      customer: await customerOf(account),
    })
    expect(data.map(({ id, status }) => [id, status])).toEqual([[session, 'expired']])
  })

  test('a closed account that is subscribed all the same has that ended', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'pro', NOW)
    await asOwner((sql) => sql`update kb.accounts set closed_us = 2 where id = ${account}`)
    await pursue(env, account, NOW)
    const { data } = await needStripe(env).stripe.subscriptions.list({ customer, status: 'all' })
    expect(data.map(({ status }) => status)).toEqual(['canceled'])
  })

  test('a subscription counts however many invoices came since', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'starter', NOW)
    const sdk = needStripe(env).stripe
    const { data } = await sdk.subscriptions.list({ customer })
    const subscription = data[0]?.id ?? ''
    const item = data[0]?.items.data.find(({ quantity }) => quantity === 1)?.id ?? ''
    const prices = await sdk.prices.list({ lookup_keys: ['kalshibook_pro_month_2026_11'] })
    const items = [{ id: item, price: prices.data[0]?.id ?? '' }]
    await stripe('card', { customer, card: 'declined' })
    for (let tries = 0; tries < 101; tries++) {
      await sdk.subscriptions.update(subscription, {
        items,
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
      })
    }
    const observed = await observeAccount(env, account, NOW)
    expect(observed?.bill.current?.id).toBe(subscription)
  })
})
