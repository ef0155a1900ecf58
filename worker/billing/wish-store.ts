import type { Micros } from '#core/instant'
import { type PlanName, planOf } from '#core/plan'
import type { AnySql } from './billing-store.ts'

/** The plan that an account wants to be on. */
export type Wish = {
  readonly accountId: string
  readonly plan: PlanName
  readonly number: number
  readonly tries: number
  readonly state: 'open' | 'charged'
}

/** When the schedule goes on with what was left, µs. */
const AGAIN_US = 60_000_000
/** What waits for a payment is looked at more seldom: a webhook tells of it. */
const TO_PAY_US = 3_600_000_000
const REFUSED_US = 600_000_000
const DAY_US = 86_400_000_000

/** The wish that an account is on its way to; null when there is none. */
export async function readWish(sql: AnySql, accountId: string): Promise<Wish | null> {
  const [row] = await sql`
    select plan, number, tries, state from kb.billing_wishes
    where account_id = ${accountId} and state in ('open', 'charged')`
  return row === undefined
    ? null
    : {
        accountId,
        plan: planOf(row['plan']).name,
        number: row['number'],
        tries: row['tries'],
        state: row['state'],
      }
}

/** Notes a wish, in place of the one before; the same again is the same wish. */
export async function makeWish(
  sql: AnySql,
  accountId: string,
  plan: PlanName,
  nowUs: Micros,
): Promise<void> {
  await sql`
    insert into kb.billing_wishes as w (account_id, plan, number, state, made_us, next_us)
    values (${accountId}, ${plan}, 1, 'open', ${nowUs}, ${nowUs + AGAIN_US})
    on conflict (account_id) do update
    set plan = excluded.plan, number = w.number + 1, tries = 0, state = 'open',
      made_us = excluded.made_us, next_us = excluded.next_us
    where w.plan <> excluded.plan or w.state not in ('open', 'charged')`
}

/** Notes what became of a wish, unless there is another one by now. */
export async function closeWish(
  sql: AnySql,
  { accountId, number }: Wish,
  state: 'done' | 'failed' | 'charged',
  nowUs: Micros,
): Promise<void> {
  await sql`
    update kb.billing_wishes set state = ${state}, next_us = ${nowUs + TO_PAY_US}
    where account_id = ${accountId} and number = ${number}`
}

/** Gives the steps of a wish other keys: Stripe failed, and would say so again for the same ones. */
export async function tryAgain(
  sql: AnySql,
  { accountId, number }: Wish,
  nowUs: Micros,
): Promise<void> {
  await sql`
    update kb.billing_wishes set tries = tries + 1, next_us = ${nowUs + AGAIN_US}
    where account_id = ${accountId} and number = ${number}`
}

/** Notes that Stripe refused a step: it is tried under another key for a day, and then no more. */
export async function noteRefusal(
  sql: AnySql,
  { accountId, number }: Wish,
  nowUs: Micros,
): Promise<void> {
  await sql`
    update kb.billing_wishes set tries = tries + 1, next_us = ${nowUs + REFUSED_US},
      state = case when made_us <= ${nowUs - DAY_US} then 'failed' else state end
    where account_id = ${accountId} and number = ${number}`
}
