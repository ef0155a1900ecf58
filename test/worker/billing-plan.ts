import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { changePlan } from '../../worker/billing/change-plan.ts'
import { openCheckout } from '../../worker/billing/checkout.ts'
import { observeAccount } from '../../worker/billing/observe.ts'
import { pursue } from '../../worker/billing/pursue.ts'
import {
  clockTo,
  DECEMBER_S,
  deliver,
  freshStripe,
  MIDDLE_S,
  newAccount,
  openSession,
  standing,
  stripe,
  subscribe,
} from './billing.ts'

describe('plans and what is paid for them', () => {
  const NOW = (MIDDLE_S * 1_000_000) as Micros
  const HOUR_S = 3600

  beforeAll(freshStripe)
  beforeEach(() => clockTo(MIDDLE_S))
  afterEach(() => stripe('faults', {}))

  test('who subscribes in mid-month has the plan when its invoice is paid, and credits for the rest of the month', async () => {
    const account = await newAccount()
    await subscribe(account, 'starter', NOW)
    const later = (NOW + 1_000_000) as Micros
    expect(await standing(account, later)).toMatchObject({
      plan: 'starter',
      granted: 250_000,
      paid_once: true,
    })
  })

  test('a larger plan counts when it is paid, with the difference of credits; a smaller one at the period’s end', async () => {
    const account = await newAccount()
    await subscribe(account, 'starter', NOW)
    const day = MIDDLE_S + 24 * HOUR_S
    const next = await clockTo(day)
    expect(await changePlan(env, account, 'pro', next)).toEqual({ ok: true, state: 'reached' })
    await deliver()
    const later = (next + 1_000_000) as Micros
    const both = 250_000 + Math.floor((2_500_000 * 14) / 30)
    expect(await standing(account, later)).toMatchObject({ plan: 'pro', granted: both })
    expect(await changePlan(env, account, 'starter', later)).toEqual({ ok: true, state: 'reached' })
    const december = ((DECEMBER_S + 60) * 1_000_000) as Micros
    expect(await standing(account, later)).toMatchObject({ plan: 'pro', granted: both })
    expect(await standing(account, december)).toMatchObject({ plan: 'starter', granted: both })
    await clockTo(DECEMBER_S + 80 * HOUR_S)
    await deliver()
    expect(await standing(account, december)).toMatchObject({ plan: 'starter', granted: both })
  })

  test('a cancellation is taken back, and comes at the period’s end when it is not', async () => {
    const account = await newAccount()
    await subscribe(account, 'pro', NOW)
    const december = ((DECEMBER_S + 60) * 1_000_000) as Micros
    await changePlan(env, account, 'free', NOW)
    expect(await standing(account, december)).toMatchObject({ plan: 'free' })
    await changePlan(env, account, 'pro', NOW)
    expect(await standing(account, december)).toMatchObject({ plan: 'pro' })
    await changePlan(env, account, 'free', NOW)
    await clockTo(DECEMBER_S + 60)
    await deliver()
    expect(await standing(account, december)).toMatchObject({ plan: 'free', granted: 1_500_000 })
    expect(await pursue(env, account, december)).toEqual({ kind: 'idle' })
  })

  test.each([
    { failed: 0.2, failedDone: 0.2 },
    { lostBefore: 0.2, lostAfter: 0.2, twice: 0.2 },
  ])(
    'whatever is cut off on the way, an upgrade is charged once and reached: %o',
    async (faults) => {
      const account = await newAccount()
      const customer = await subscribe(account, 'starter', NOW)
      const at = await clockTo(MIDDLE_S + 24 * HOUR_S)
      // The agreed downgrade must be taken back first, so that there are several steps.
      await changePlan(env, account, 'free', at)
      await stripe('faults', { ...faults, only: '/v1/subscriptions' })
      await changePlan(env, account, 'pro', at)
      for (let round = 0; round < 6; round++) await pursue(env, account, at).catch(() => null)
      await stripe('faults', {})
      await pursue(env, account, at)
      const both = 250_000 + Math.floor((2_500_000 * 14) / 30)
      const later = (at + 1_000_000) as Micros
      expect(await standing(account, later)).toMatchObject({ plan: 'pro', granted: both })
      const { invoices } = await stripe<{ invoices: { customer: string }[] }>('invoices')
      expect(invoices.filter((one) => one.customer === customer).length).toBe(2)
    },
  )

  test('an upgrade whose card is declined is asked for once, and changes nothing', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'starter', NOW)
    await stripe('card', { customer, card: 'declined' })
    expect(await changePlan(env, account, 'scale', NOW)).toEqual({ ok: true, state: 'to_pay' })
    const later = await clockTo(MIDDLE_S + 48 * HOUR_S)
    await deliver()
    await pursue(env, account, later)
    expect(await pursue(env, account, later)).toEqual({ kind: 'idle' })
    expect(await standing(account, later)).toMatchObject({ plan: 'starter', granted: 250_000 })
  })

  test('a month that is not paid leaves the plan for a week, with overage suspended; then the account is Free until it is paid', async () => {
    const account = await newAccount()
    const customer = await subscribe(account, 'starter', NOW)
    await stripe('card', { customer, card: 'declined' })
    const fourth = await clockTo(DECEMBER_S + 3 * 24 * HOUR_S)
    const seen = await observeAccount(env, account, fourth)
    expect(await standing(account, fourth)).toMatchObject({
      plan: 'starter',
      grace: true,
      suspended: 'unpaid',
    })
    const end = ((seen?.bill.graceUntilUs ?? 0) + 1_000_000) as Micros
    await observeAccount(env, account, end)
    expect(await standing(account, end)).toMatchObject({
      plan: 'free',
      grace: false,
      granted: -240_000,
    })
    const unpaid = seen?.reading.invoices.find(({ status }) => status === 'open')
    await stripe('card', { customer, card: 'good' })
    await stripe('payInvoice', { invoice: unpaid?.id })
    await observeAccount(env, account, end)
    const paid = await standing(account, (end + 1_000_000) as Micros)
    expect(paid).toMatchObject({ suspended: null, grace: false })
  })

  test('there is one open Checkout: the same again, another plan in its place, and none beside a subscription', async () => {
    const account = await newAccount()
    const who = { accountId: account, email: 'a@example.com' }
    const first = await openCheckout(env, who, 'starter', NOW)
    expect(await openCheckout(env, who, 'starter', NOW)).toEqual(first)
    const old = await openSession(account)
    const other = await openCheckout(env, who, 'pro', NOW)
    expect(other).not.toEqual(first)
    const { calls } = await stripe<{ calls: { path: string }[] }>('calls')
    expect(calls.map(({ path }) => path)).toContain(`/v1/checkout/sessions/${old}/expire`)
    await stripe('pay', { session: await openSession(account), outcome: 'pay' })
    await deliver()
    expect(await openCheckout(env, who, 'pro', NOW)).toMatchObject({ ok: false })
  })

  test('in the last half hour of a month nobody can subscribe: its first payment could fall into the next', async () => {
    const account = await newAccount()
    const at = await clockTo(DECEMBER_S - 1800)
    const page = await openCheckout(env, { accountId: account, email: 'a@example.com' }, 'pro', at)
    expect(page).toMatchObject({ ok: false, error: { retryAfterMs: 1_800_000 } })
  })
})
