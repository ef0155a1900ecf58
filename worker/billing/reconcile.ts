import type { Micros } from '#core/instant'
import { planOf } from '#core/plan'
import { meterNameOf } from '#core/price-book'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { atOnce } from './at-once.ts'
import { needStripe, stripeOf } from './stripe.ts'

/** So many days of accounts a run, and so many at once. */
const MOST = 200
const AT_ONCE = 4
const DAY_US = 86_400_000_000
/** Stripe counts some time after it was told; a day is compared when it is over for so long. */
const SETTLED_US = 2 * 3_600_000_000
/** A day that differed is looked at again after so long, while usage may still be told. */
const AGAIN_US = 6 * 3_600_000_000
const BACK_US = 35 * DAY_US

type Day = {
  readonly accountId: string
  readonly customer: string
  readonly plan: string
  readonly dayUs: Micros
  readonly ours: number
}

/**
 * Holds our ledger against what Stripe counted, by account, plan and day: every difference is kept, said in the log, and looked
 * at again. Throws DatabaseAwayError, and what Stripe's package throws when it cannot be asked at all.
 */
export async function reconcile(env: Env, nowUs: Micros): Promise<void> {
  if (!stripeOf(env).ok) return
  const days = await dueDays(env, nowUs)
  if (days.length === 0) return
  const meters = await metersOf(env)
  await atOnce(days, AT_ONCE, (day) =>
    compare(env, meters, day, nowUs).catch((error: unknown) =>
      logFault(error, `reconciling ${day.accountId}`),
    ),
  )
}

async function dueDays(env: Env, nowUs: Micros): Promise<Day[]> {
  const rows = await withAccounts(
    env,
    (sql) => sql`
      select u.*, c.customer_id from (
        select account_id, plan, hour_us - hour_us % ${DAY_US}::bigint as day_us,
          sum(overage)::bigint as ours
        from kb.usage_totals
        where overage > 0 and hour_us >= ${nowUs - BACK_US}
          and hour_us < ${nowUs - SETTLED_US} - (${nowUs - SETTLED_US}::bigint % ${DAY_US}::bigint)
        group by 1, 2, 3) u
      join kb.billing_customers c on c.account_id = u.account_id and c.customer_id is not null
      left join kb.reconciliations r
        on r.account_id = u.account_id and r.plan = u.plan and r.day_us = u.day_us
      where r.day_us is null
        or ((r.ours <> r.theirs or r.ours <> u.ours) and r.checked_us < ${nowUs - AGAIN_US})
      order by u.day_us limit ${MOST}`,
  )
  return rows.map((row) => ({
    accountId: row['account_id'],
    customer: row['customer_id'],
    plan: row['plan'],
    dayUs: Number(row['day_us']) as Micros,
    ours: Number(row['ours']),
  }))
}

async function metersOf(env: Env): Promise<ReadonlyMap<string, string>> {
  const { stripe } = needStripe(env)
  const { data } = await stripe.billing.meters.list({ status: 'active', limit: 100 })
  return new Map(data.map((meter) => [meter.event_name, meter.id]))
}

async function compare(
  env: Env,
  meters: ReadonlyMap<string, string>,
  { accountId, customer, plan, dayUs, ours }: Day,
  nowUs: Micros,
): Promise<void> {
  const meter = meters.get(meterNameOf(planOf(plan).name))
  const theirs = meter === undefined ? 0 : await countedBy(env, meter, customer, dayUs)
  await withAccounts(
    env,
    (sql) => sql`
      insert into kb.reconciliations (account_id, plan, day_us, ours, theirs, checked_us)
      values (${accountId}, ${plan}, ${dayUs}, ${ours}, ${theirs}, ${nowUs})
      on conflict (account_id, plan, day_us) do update
      set ours = excluded.ours, theirs = excluded.theirs, checked_us = excluded.checked_us`,
  )
  if (ours === theirs) return
  const where = { account: accountId, plan, day_us: dayUs }
  console.error(JSON.stringify({ event: 'usage_differs', ...where, ours, theirs }))
}

async function countedBy(env: Env, meter: string, customer: string, dayUs: Micros) {
  const { stripe } = needStripe(env)
  const { data } = await stripe.billing.meters.listEventSummaries(meter, {
    customer,
    start_time: dayUs / 1_000_000,
    end_time: (dayUs + DAY_US) / 1_000_000,
    value_grouping_window: 'day',
    limit: 10,
  })
  return data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0)
}
