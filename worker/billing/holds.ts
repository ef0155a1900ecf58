import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { accountOfCustomer, lockBilling } from './billing-store.ts'
import type { StripeEvent } from './inbox.ts'
import { pursue } from './pursue.ts'
import { idOf } from './seen.ts'
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
  const dispute = event.type.startsWith('charge.dispute.')
    ? await stripe.disputes.retrieve(event.object)
    : null
  const chargeId = dispute === null ? event.object : idOf(dispute.charge)
  if (chargeId === null) return
  const charge = await stripe.charges.retrieve(chargeId)
  const customer = idOf(charge.customer)
  const account =
    customer === null ? null : await withAccounts(env, (sql) => accountOfCustomer(sql, customer))
  if (account === null) {
    console.warn(JSON.stringify({ event: 'stripe_stranger', id: event.id, type: event.type }))
    return
  }
  const hold: Hold =
    dispute === null
      ? { source: charge.id, reason: 'refund', over: charge.amount_refunded === 0 }
      : { source: dispute.id, reason: 'dispute', over: SETTLED.includes(dispute.status) }
  await writeHold(env, account, hold, idOf(charge.payment_intent), nowUs)
  await pursue(env, account, nowUs)
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
