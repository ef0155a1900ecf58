import type Stripe from 'stripe'
import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { accountOfCustomer, lockBilling } from './billing-store.ts'
import type { StripeEvent } from './inbox.ts'
import { pursue } from './pursue.ts'
import { idOf, isMissing } from './seen.ts'
import { needStripe } from './stripe.ts'

/** Disputes that are over, and in our favour or without money taken. */
const SETTLED: readonly string[] = ['won', 'warning_closed']

/** A reason to suspend overage, or its end. */
type Hold = {
  readonly source: string
  readonly reason: 'dispute' | 'refund'
  readonly over: boolean
}

/**
 * Suspends overage for a dispute or a refund, until the dispute is won; a refund of ours, of a second subscription, is no reason.
 * Throws as applyEvent does.
 */
export async function noteCharge(env: Env, event: StripeEvent, nowUs: Micros): Promise<void> {
  const { stripe } = needStripe(env)
  if (event.object === null) return
  const found = await askAbout(stripe, event.type, event.object).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (found === null) return stranger(event)
  const { dispute, charge } = found
  const customer = idOf(charge.customer)
  const account =
    customer === null ? null : await withAccounts(env, (sql) => accountOfCustomer(sql, customer))
  if (account === null) return stranger(event)
  const hold: Hold =
    dispute === null
      ? { source: charge.id, reason: 'refund', over: charge.amount_refunded === 0 }
      : { source: dispute.id, reason: 'dispute', over: SETTLED.includes(dispute.status) }
  await writeHold(env, account, hold, idOf(charge.payment_intent), nowUs)
  await pursue(env, account, nowUs)
}

/** The charge that an event is about, and the dispute of it where there is one. Throws what Stripe's package throws. */
async function askAbout(stripe: Stripe, type: string, object: string) {
  if (!type.startsWith('charge.dispute.')) {
    return { dispute: null, charge: await stripe.charges.retrieve(object) }
  }
  const dispute = await stripe.disputes.retrieve(object)
  const charge = idOf(dispute.charge)
  return charge === null ? null : { dispute, charge: await stripe.charges.retrieve(charge) }
}

/** Says in the log that an event is about nobody that we know, or about nothing that Stripe has. */
export function stranger({ id, type }: StripeEvent): void {
  console.warn(JSON.stringify({ event: 'stripe_stranger', id, type }))
}

async function writeHold(
  env: Env,
  account: string,
  { source, reason, over }: Hold,
  intent: string | null,
  nowUs: Micros,
): Promise<void> {
  await withAccounts(env, (sql) =>
    sql.begin(async (tx) => {
      await lockBilling(tx, account)
      const [ours] = await tx`
        select 1 from kb.billing_refunds where payment_intent = ${intent ?? ''}`
      if (ours !== undefined) return
      await tx`
        insert into kb.billing_holds as h (source, account_id, reason, from_us, until_us)
        values (${source}, ${account}, ${reason}, ${nowUs}, ${over ? nowUs : null})
        on conflict (source) do update
        set until_us = case when excluded.until_us is null then null
          else coalesce(h.until_us, excluded.until_us) end`
    }),
  )
}
