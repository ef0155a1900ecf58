import type { TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Env } from '../env.ts'
import { audit } from './billing-store.ts'
import { type CustomerReading, idOf } from './seen.ts'
import { needStripe } from './stripe.ts'

/**
 * Cancels a subscription that was made beside the one that counts, and gives back what was paid for it. May be repeated.
 * Throws what Stripe's package throws.
 */
export async function endSecond(
  env: Env,
  tx: TransactionSql,
  accountId: string,
  subscription: string,
  reading: CustomerReading,
  nowUs: Micros,
): Promise<void> {
  const { stripe } = needStripe(env)
  const seen = reading.seen.subscriptions.find(({ id }) => id === subscription)
  const paid = reading.seen.invoices.filter(
    (invoice) => invoice.subscription === subscription && invoice.paidCents > 0,
  )
  const refunded = await tx`
    select payment_intent from kb.billing_refunds where subscription_id = ${subscription}`
  if (seen?.endedUs !== null && refunded.length >= paid.length) return
  if (seen?.endedUs === null) {
    await stripe.subscriptions.cancel(subscription, { prorate: false, invoice_now: false })
  }
  for (const { id } of paid) {
    const invoice = await stripe.invoices.retrieve(id, { expand: ['payments'] })
    for (const { payment } of invoice.payments?.data ?? []) {
      const intent = idOf(payment.payment_intent ?? null)
      if (intent === null) continue
      await stripe.refunds
        .create({ payment_intent: intent }, { idempotencyKey: `refund:${intent}` })
        .catch((error: { code?: unknown }) => {
          if (error.code !== 'charge_already_refunded') throw error
        })
      // Known as ours when Stripe tells of it: that waits for the lock that is held here.
      await tx`
        insert into kb.billing_refunds (payment_intent, account_id, subscription_id, made_us)
        values (${intent}, ${accountId}, ${subscription}, ${nowUs})
        on conflict (payment_intent) do nothing`
    }
  }
  await audit(tx, accountId, 'stripe', 'second_subscription', { subscription }, nowUs)
  console.warn(JSON.stringify({ event: 'second_subscription', account: accountId }))
}
