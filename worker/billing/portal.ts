import type { ApiError } from '#core/api-error'
import { withAccounts } from '../account/account-database.ts'
import { type Env, settingsOf } from '../env.ts'
import { readBilled } from './billing-store.ts'
import type { PageAnswer } from './checkout.ts'
import { PORTAL_MARK } from './set-up-words.ts'
import { needStripe, StripeAwayError } from './stripe.ts'

const NO_CUSTOMER: ApiError = {
  code: 'not_found',
  message: 'this account has never subscribed: there is nothing to be paid or shown',
}

/**
 * Opens Stripe's page for cards, invoices and cancellation. Throws DatabaseAwayError, StripeAwayError while `npm run
 * stripe:setup` has not been run, and what Stripe's package throws.
 */
export async function openPortal(env: Env, accountId: string): Promise<PageAnswer> {
  const account = await withAccounts(env, (sql) => readBilled(sql, accountId))
  if (account === null || account.customer === null) return { ok: false, error: NO_CUSTOMER }
  const { stripe } = needStripe(env)
  const { data } = await stripe.billingPortal.configurations.list({ active: true, limit: 100 })
  // Any other configuration may let its reader change plans, which is for our own page to do.
  const ours = data.find(({ metadata }) => metadata?.['kalshibook'] === PORTAL_MARK)
  if (ours === undefined) throw new StripeAwayError('no portal configuration')
  const { url } = await stripe.billingPortal.sessions.create({
    customer: account.customer,
    configuration: ours.id,
    return_url: `${settingsOf(env).PUBLIC_URL}/dashboard/billing?portal=left`,
  })
  return { ok: true, url }
}
