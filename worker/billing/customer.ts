import type { TransactionSql } from 'postgres'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { isStripeFault, needStripe } from './stripe.ts'

/** The account's customer at Stripe, made the first time, while its billing is locked. Throws what Stripe's package throws. */
export async function customerOf(
  env: Env,
  tx: TransactionSql,
  accountId: string,
  email: string,
): Promise<string> {
  const { stripe, livemode } = needStripe(env)
  const [row] = await tx`
    select customer_id, tries, livemode from kb.billing_customers where account_id = ${accountId}`
  if (row?.['livemode'] === livemode && row['customer_id'] !== null) return row['customer_id']
  if (row !== undefined && row['livemode'] !== livemode)
    throw new Error('a customer of another mode')
  const key = `cus:${accountId}:${row?.['tries'] ?? 0}`
  const made = await stripe.customers.create(
    { email, metadata: { account: accountId } },
    { idempotencyKey: key },
  )
  if (made.livemode !== livemode) throw new Error('Stripe made a customer of another mode')
  await tx`
    insert into kb.billing_customers (account_id, customer_id, livemode)
    values (${accountId}, ${made.id}, ${livemode})
    on conflict (account_id) do update set customer_id = excluded.customer_id`
  return made.id
}

/** Gives the next try another key when Stripe failed, as it would say so again for the same one. Throws DatabaseAwayError. */
export async function noteFault(env: Env, accountId: string, error: unknown): Promise<void> {
  if (!isStripeFault(error)) return
  const { livemode } = needStripe(env)
  await withAccounts(
    env,
    (sql) => sql`
      insert into kb.billing_customers as c (account_id, livemode, tries)
      values (${accountId}, ${livemode}, 1)
      on conflict (account_id) do update set tries = c.tries + 1`,
  )
}
