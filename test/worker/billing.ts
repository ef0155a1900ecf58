import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Micros } from '#core/instant'
import { monthOf } from '#core/period'
import type { PlanName } from '#core/plan'
import { openCheckout } from '../../worker/billing/checkout.ts'
import { forgetPrices } from '../../worker/billing/prices.ts'
import { setUpStripe } from '../../worker/billing/set-up.ts'
import { needStripe } from '../../worker/billing/stripe.ts'
import { call } from './api.ts'
import { later } from './later.ts'
import { asOwner } from './store.ts'

/** 2026-11-16 00:00 UTC: the middle of a month of 30 days. */
export const MIDDLE_S = Date.UTC(2026, 10, 16) / 1000
export const DECEMBER_S = Date.UTC(2026, 11, 1) / 1000

/** A call of the stand-in, as it saw it. */
export type SeenCall = {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly status: number | null
}

/** What a person, a bank or time does at the stand-in. */
export async function stripe<Answer = unknown>(wish: string, given: object = {}): Promise<Answer> {
  const url = `${env.STRIPE_API_URL}/_stand-in/${wish}`
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(given) })
  expect(response.status, `${wish}: ${response.statusText}`).toBe(200)
  return (await response.json()) as Answer
}

/** Puts the stand-in's clock there; what is due on the way is done. @returns the same in µs */
export async function clockTo(seconds: number): Promise<Micros> {
  await stripe('clock', { toS: seconds })
  return (seconds * 1_000_000) as Micros
}

const HOUR_S = 3600

/**
 * Does something that nobody can do in the last half hour of a month: in its last hour it is an hour earlier meanwhile, for
 * us and for the stand-in, whose clock is else the real one.
 */
export async function beforeMonthEnds<Result>(run: () => Promise<Result>): Promise<Result> {
  const nowS = Math.floor(Date.now() / 1000)
  const { toUs } = monthOf((nowS * 1_000_000) as Micros)
  if (toUs / 1_000_000 - nowS > HOUR_S) return run()
  await stripe('clock', { toS: nowS - HOUR_S })
  try {
    return await later(-HOUR_S * 1000, run)
  } finally {
    await stripe('clock', { real: true })
  }
}

/** An empty stand-in in the middle of November, set up; and what was left of a test before it forgotten. */
export async function freshStripe(): Promise<void> {
  await stripe('reset')
  await stripe('clock', { toS: MIDDLE_S })
  forgetPrices(env)
  const { stripe: sdk, livemode } = needStripe(env)
  await setUpStripe(sdk, { publicUrl: 'https://kalshibook.test', livemode })
  await stripe('collected')
}

/** A new account without anything. */
export async function newAccount(): Promise<string> {
  return asOwner(async (sql) => {
    const [row] = await sql`
      insert into kb.accounts (name, plan, created_us) values ('billed', 'free', 1) returning id`
    return row?.['id'] as string
  })
}

/**
 * Hands what Stripe sent to our address; each is answered with 200. Of one customer's events the last one does, as what it is
 * about is asked for anew; those that do something of their own come too.
 */
export async function deliver(): Promise<void> {
  const { deliveries } = await stripe<{ deliveries: Delivery[] }>('collected')
  const last = new Map<string, Delivery>()
  for (const delivery of deliveries) {
    const { type, id, data } = JSON.parse(delivery.body) as Told
    const alone = data === undefined || /^(?:charge\.|invoice\.created)/.test(type)
    last.set(alone ? id : String(data.object.customer), delivery)
  }
  for (const { url, headers, body } of last.values()) {
    const answer = await call(new URL(url).pathname, headers, 'POST', body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  }
}

type Told = {
  readonly type: string
  readonly id: string
  readonly data?: { readonly object: { readonly customer?: unknown } }
}

type Delivery = {
  readonly url: string
  readonly body: string
  readonly headers: Record<string, string>
}

/** A person subscribes: the page is opened and paid on. @returns the customer */
export async function subscribe(accountId: string, plan: PlanName, nowUs: Micros): Promise<string> {
  const page = await openCheckout(env, { accountId, email: 'a@example.com' }, plan, nowUs)
  if (!page.ok) throw new Error(page.error.message)
  await stripe('pay', { session: await openSession(accountId), outcome: 'pay' })
  await deliver()
  return customerOf(accountId)
}

/** The Checkout that is open. */
export async function openSession(accountId: string): Promise<string> {
  return asOwner(async (sql) => {
    const [row] = await sql`select * from kb.billing_checkouts where account_id = ${accountId}`
    return row?.['session_id'] as string
  })
}

export async function customerOf(accountId: string): Promise<string> {
  return asOwner(async (sql) => {
    const [row] = await sql`select * from kb.billing_customers where account_id = ${accountId}`
    return row?.['customer_id'] as string
  })
}

/** What an account has: its plan at an instant, and the credits that were granted in all. */
export async function standing(accountId: string, atUs: Micros) {
  return asOwner(async (sql) => {
    const [row] = await sql`
      select kb.plan_at(a.id, ${atUs}) as plan, a.overage_suspended as suspended,
        a.grace_until_us is not null as grace, a.paid_once,
        (select coalesce(sum(credits), 0)::int from kb.credit_grants where account_id = a.id) as granted
      from kb.accounts a where id = ${accountId}`
    return { ...row }
  })
}

/** The id of the latest invoice of an account that we have seen. */
export async function lastInvoice(accountId: string): Promise<string> {
  return asOwner(async (sql) => {
    const [row] = await sql`
      select seen #>> '{invoices,0,id}' as id from kb.billing_customers
      where account_id = ${accountId}`
    return row?.['id'] as string
  })
}

/** What was spent beyond the included credits in an hour, as the account's object tells it. */
export async function useOverage(
  accountId: string,
  hourUs: number,
  plan: PlanName,
  overage: number,
  closed = true,
): Promise<void> {
  await asOwner(
    (sql) => sql`
      insert into kb.usage_totals (account_id, hour_us, plan, credits, overage, closed)
      values (${accountId}, ${hourUs}, ${plan}, ${overage}, ${overage}, ${closed})
      on conflict (account_id, hour_us, plan) do update
      set credits = excluded.credits, overage = excluded.overage, closed = excluded.closed`,
  )
}
