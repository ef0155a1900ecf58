import type { TransactionSql } from 'postgres'
import type Stripe from 'stripe'
import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import { monthOf } from '#core/period'
import type { PlanName } from '#core/plan'
import { withAccounts } from '../account/account-database.ts'
import { type Env, settingsOf } from '../env.ts'
import { audit, lockBilling, readBilled } from './billing-store.ts'
import { customerOf, noteFault } from './customer.ts'
import { observeAccount } from './observe.ts'
import { forgetPrices, soldPrices } from './prices.ts'
import { isMissing } from './seen.ts'
import { needStripe } from './stripe.ts'

/** Somebody who wants to subscribe. */
export type Subscriber = { readonly accountId: string; readonly email: string }

/** Where a page of Stripe's is to be opened, or why there is none. */
export type PageAnswer =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly error: ApiError }

/** Stripe keeps a Checkout open for half an hour at least; not beyond the month, which its first payment is for. */
const SHORTEST_S = 31 * 60
const QUARTER_S = 15 * 60
const OPEN_S = 12 * 3600

/**
 * Opens the page on which a plan is subscribed to, the one that is open already when it is for the same plan; any other is
 * closed. Throws DatabaseAwayError, StripeAwayError, and what Stripe's package throws.
 */
export async function openCheckout(
  env: Env,
  subscriber: Subscriber,
  plan: PlanName,
  nowUs: Micros,
): Promise<PageAnswer> {
  const monthEndUs = monthOf(nowUs).toUs
  const leftMs = (monthEndUs - nowUs) / 1000
  if (leftMs < SHORTEST_S * 1000) return { ok: false, error: monthEnds(leftMs) }
  const observed = await observeAccount(env, subscriber.accountId, nowUs)
  if (observed?.bill.current) return { ok: false, error: SUBSCRIBED }
  // Asked for before the lock, so that what is done under it is little.
  const prices = await soldPrices(env, plan)
  try {
    const { accountId, email } = subscriber
    const url = await withAccounts(env, async (sql) => {
      // Kept for itself: a page that cannot be made now takes no customer with it.
      const customer = await sql.begin(async (tx) => {
        await lockBilling(tx, accountId)
        return customerOf(env, tx, accountId, email)
      })
      return sql.begin(async (tx) => {
        await lockBilling(tx, accountId)
        const account = await readBilled(tx, accountId)
        if (account === null || account.closed) return null
        return openOne(env, tx, { accountId, customer, plan, prices, monthEndUs }, nowUs)
      })
    })
    return url === null ? { ok: false, error: CLOSED } : { ok: true, url }
  } catch (error) {
    if (isMissing(error)) forgetPrices(env)
    await noteFault(env, subscriber.accountId, error)
    throw error
  }
}

const SUBSCRIBED: ApiError = {
  code: 'invalid_param',
  param: 'plan',
  message: 'this account has a subscription: change its plan by POST /account/plan',
}

const CLOSED: ApiError = { code: 'not_found', message: 'this account is closed' }

function monthEnds(leftMs: number): ApiError {
  const message = 'the month is about to end: subscribe when the next one has begun, at 00:00 UTC'
  return { code: 'upstream_degraded', message, retryAfterMs: Math.ceil(leftMs) }
}

type Wanted = {
  readonly accountId: string
  readonly customer: string
  readonly plan: PlanName
  readonly prices: { readonly month: string; readonly overage: string }
  readonly monthEndUs: Micros
}

async function openOne(env: Env, tx: TransactionSql, wanted: Wanted, nowUs: Micros) {
  const { stripe } = needStripe(env)
  const { accountId, customer, plan } = wanted
  const [row] = await tx`
    select k.number, c.tries from kb.billing_customers c
    left join kb.billing_checkouts k using (account_id) where c.account_id = ${accountId}`
  const { data: open } = await stripe.checkout.sessions.list({
    customer,
    status: 'open',
    limit: 10,
  })
  // Found by what it is for: the answer that told us of it may have been lost.
  const same = open.find(({ url, metadata }) => metadata?.['plan'] === plan && url !== null)
  for (const { id } of open) if (id !== same?.id) await expireCheckout(stripe, id)
  const before = Number(row?.['number'] ?? 0)
  const number = same === undefined ? before + 1 : before
  const params = paramsOf(env, wanted, nowUs)
  const key = `checkout:${accountId}:${number}:${row?.['tries']}:${plan}:${params.expires_at}`
  const session = same ?? (await makeSession(stripe, params, key))
  if (session.url === null) throw new Error('a Checkout without a page')
  await tx`
    insert into kb.billing_checkouts as k (account_id, plan, number, session_id, url, expires_us)
    values (${accountId}, ${plan}, ${number}, ${session.id}, ${session.url},
      ${session.expires_at * 1_000_000})
    on conflict (account_id) do update
    set plan = excluded.plan, number = excluded.number, session_id = excluded.session_id,
      url = excluded.url, expires_us = excluded.expires_us`
  await audit(tx, accountId, 'person', 'checkout', { plan, session: session.id }, nowUs)
  return session.url
}

/** A page that is open: the answer to an earlier try, told again, may be of one that was closed since. */
async function makeSession(
  stripe: Stripe,
  params: Stripe.Checkout.SessionCreateParams,
  idempotencyKey: string,
): Promise<Stripe.Checkout.Session> {
  const made = await stripe.checkout.sessions.create(params, { idempotencyKey })
  if (made.lastResponse.headers['idempotent-replayed'] !== 'true') return made
  const now = await stripe.checkout.sessions.retrieve(made.id)
  return now.status === 'open' ? now : makeSession(stripe, params, `${idempotencyKey}:${made.id}`)
}

/** Closes a page; one that was used or closed meanwhile stays as it is. Throws what Stripe's package throws. */
export async function expireCheckout(stripe: Stripe, id: string): Promise<void> {
  await stripe.checkout.sessions.expire(id).catch((error: { statusCode?: unknown }) => {
    if (!isMissing(error) && error.statusCode !== 400) throw error
  })
}

function paramsOf(
  env: Env,
  { accountId, customer, plan, prices, monthEndUs }: Wanted,
  nowUs: Micros,
): Stripe.Checkout.SessionCreateParams {
  const { PUBLIC_URL } = settingsOf(env)
  const anchor = monthEndUs / 1_000_000
  // In whole quarters of an hour, so that a repeated call is the same call.
  const quarter = Math.floor(nowUs / 1_000_000 / QUARTER_S) * QUARTER_S
  const expires = Math.min(anchor, quarter + OPEN_S)
  return {
    mode: 'subscription',
    customer,
    client_reference_id: accountId,
    metadata: { plan },
    line_items: [{ price: prices.month, quantity: 1 }, { price: prices.overage }],
    success_url: `${PUBLIC_URL}/dashboard/billing?checkout=done`,
    cancel_url: `${PUBLIC_URL}/dashboard/billing?checkout=left`,
    expires_at: expires,
    // The calendar month is everybody's period; the first one is paid for in part.
    subscription_data: {
      billing_cycle_anchor: anchor,
      proration_behavior: 'create_prorations',
      metadata: { account: accountId, plan },
    },
  }
}
