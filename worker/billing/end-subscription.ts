import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { readBilled } from './billing-store.ts'
import { expireCheckout } from './checkout.ts'
import { observeAnd } from './observe.ts'
import { flushAccount } from './outbox.ts'
import { type CustomerReading, isMissing } from './seen.ts'
import { needStripe } from './stripe.ts'

/**
 * Ends what an account subscribes to, now, with an invoice of what it used: for an account that is deleted. What is paid is not
 * given back. May be repeated. Throws DatabaseAwayError, StripeAwayError, and what Stripe's package throws.
 */
export async function endSubscription(env: Env, accountId: string, nowUs: Micros): Promise<void> {
  const account = await withAccounts(env, (sql) => readBilled(sql, accountId))
  if (account === null || account.customer === null) return
  const { customer } = account
  needStripe(env)
  await flushAccount(env, accountId, nowUs)
  await withAccounts(
    env,
    (sql) => sql`
      update kb.billing_wishes set state = 'failed'
      where account_id = ${accountId} and state in ('open', 'charged')`,
  )
  // Under the lock: whoever opens a Checkout has opened it before, or sees that the account is closed.
  const ended = await observeAnd(env, accountId, nowUs, async ({ reading }) => {
    await closeCheckouts(env, customer)
    return cancelAlive(env, reading)
  })
  if (ended !== null && ended > 0) await observeAnd(env, accountId, nowUs, () => Promise.resolve())
}

async function closeCheckouts(env: Env, customer: string): Promise<void> {
  const { stripe } = needStripe(env)
  const { data } = await stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 })
  for (const { id } of data) await expireCheckout(stripe, id)
}

/** Cancels all that a customer is subscribed to, with an invoice of what was used. @returns how many. Throws what Stripe's package throws. */
export async function cancelAlive(env: Env, { seen }: CustomerReading): Promise<number> {
  const { stripe } = needStripe(env)
  const alive = seen.subscriptions.filter(({ endedUs }) => endedUs === null)
  for (const { id } of alive) {
    await stripe.subscriptions
      .cancel(id, { invoice_now: true, prorate: false })
      .catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
  }
  return alive.length
}
