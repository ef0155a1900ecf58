import type { TransactionSql } from 'postgres'
import { billDifference } from '#core/bill-difference'
import type { Micros } from '#core/instant'
import { PLANS } from '#core/plan'
import { type Bill, billOf } from '#core/subscription'
import { accountChanged } from '../account/account-changed.ts'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import {
  audit,
  type BilledAccount,
  lockBilling,
  readBilled,
  readStoredBill,
  writeDifference,
} from './billing-store.ts'
import { type CustomerReading, readCustomer } from './seen.ts'
import { summaryOf } from './summary.ts'

/** What was seen of an account that is a customer. */
export type Observed = {
  readonly customer: string
  readonly bill: Bill
  readonly reading: CustomerReading
  /** Whether the account is closed: nothing may be subscribed to. */
  readonly closed: boolean
}

/** What is done while nobody else deals with the account's billing; it must be quick. */
type Act<Result> = (observed: Observed, sql: TransactionSql) => Promise<Result>

const DAY_US = 86_400_000_000
const SOON_US = 600_000_000

/**
 * Asks Stripe for an account's customer while nobody else does, and writes what follows. May be repeated and shuffled at will.
 * @returns null when the account is no customer
 * Throws DatabaseAwayError, StripeAwayError, and what Stripe's package throws.
 */
export function observeAccount(
  env: Env,
  accountId: string,
  nowUs: Micros,
): Promise<Observed | null> {
  return observeAnd(env, accountId, nowUs, (observed) => Promise.resolve(observed))
}

/** As observeAccount, and does something before others may. Throws as that does, and what `act` throws: nothing is written then. */
export async function observeAnd<Result>(
  env: Env,
  accountId: string,
  nowUs: Micros,
  act: Act<Result>,
): Promise<Result | null> {
  const done = await withAccounts(env, (sql) =>
    sql.begin(async (tx) => {
      await lockBilling(tx, accountId)
      const account = await readBilled(tx, accountId)
      if (account === null || account.customer === null) return null
      const reading = await readCustomer(env, account.customer)
      const free = account.freeCredits ? PLANS.free.credits : 0
      const told = billOf(reading.seen, free, nowUs)
      const bill = reading.deleted ? gone(told, account.customer, nowUs) : told
      const changed = await writeBill(tx, accountId, account, bill, nowUs)
      await writeSeen(tx, accountId, bill, reading, nowUs)
      const result = await act(
        { customer: account.customer, bill, reading, closed: account.closed },
        tx,
      )
      return { changed, result }
    }),
  )
  if (done === null) return null
  if (done.changed) await accountChanged(env, accountId)
  return done.result as Result
}

function gone(bill: Bill, customer: string, nowUs: Micros): Bill {
  const end = { plan: 'free' as const, fromUs: nowUs, source: `gone:${customer}` }
  return { ...bill, changes: [...bill.changes, end] }
}

/** @returns whether anything of the account has changed */
async function writeBill(
  tx: TransactionSql,
  accountId: string,
  account: BilledAccount,
  bill: Bill,
  nowUs: Micros,
): Promise<boolean> {
  const difference = billDifference(await readStoredBill(tx, accountId), bill, nowUs)
  const { removed, changes, grants } = difference
  const suspended = account.hold ?? (bill.unpaid ? 'unpaid' : null)
  const paidOnce = account.paidOnce || bill.paidOnce
  const now = { suspended, graceUntilUs: bill.graceUntilUs, paidOnce }
  const same =
    suspended === account.suspended &&
    bill.graceUntilUs === account.graceUntilUs &&
    paidOnce === account.paidOnce
  if (same && removed.length + changes.length + grants.length === 0) return false
  await writeDifference(tx, accountId, difference, nowUs)
  if (!same) {
    await tx`
      update kb.accounts set overage_suspended = ${suspended}, grace_until_us = ${bill.graceUntilUs},
        paid_once = ${paidOnce} where id = ${accountId}`
  }
  await audit(tx, accountId, 'stripe', 'bill', { removed, changes, grants, ...now }, nowUs)
  await tx`select kb.account_changed(${accountId}, ${nowUs})`
  return true
}

async function writeSeen(
  tx: TransactionSql,
  accountId: string,
  bill: Bill,
  reading: CustomerReading,
  nowUs: Micros,
): Promise<void> {
  const { current, graceUntilUs } = bill
  const soon = [nowUs + DAY_US, graceUntilUs, current?.toUs].filter(
    (us): us is Micros => typeof us === 'number' && us > nowUs,
  )
  // Without a subscription nothing happens that a webhook does not tell of.
  const lookUs = current === null && graceUntilUs === null ? null : Math.min(...soon)
  const seen = JSON.stringify(summaryOf(bill, reading))
  await tx`
    update kb.billing_customers
    set seen = ${seen}::text::jsonb, seen_us = ${nowUs}, look_us = ${lookUs}
    where account_id = ${accountId}`
}

/** Has an account looked at again soon: something that is to be tidied could not be. */
export async function lookSoon(
  tx: TransactionSql,
  accountId: string,
  nowUs: Micros,
): Promise<void> {
  await tx`
    update kb.billing_customers set look_us = least(look_us, ${nowUs + SOON_US}::bigint)
    where account_id = ${accountId}`
}
