import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { hourOf } from '#core/period'

/** The overage of an hour that Stripe has not been told of, or no longer truly. */
export type Report = {
  readonly accountId: string
  readonly customer: string | null
  readonly hourUs: Micros
  readonly plan: string
  readonly overage: number
  /** Part of its identifier: what was refused is told under another one. */
  readonly tries: number
  readonly failures: number
}

/** How far back it is looked for what was not told, µs: longer than Stripe takes it, so that what is too late is said. */
const BACK_US = 40 * 86_400_000_000

/**
 * Hours to be told, the oldest first of each account.
 * @param accountId of one account alone, the hour that runs too, whatever was to wait
 */
export async function dueReports(
  sql: Sql,
  { nowUs, most, accountId }: { nowUs: Micros; most: number; accountId?: string },
): Promise<Report[]> {
  const one = accountId ?? null
  const rows = await sql`
    select u.account_id, c.customer_id, u.hour_us, u.plan, u.overage,
      coalesce(r.tries, 0) as tries, coalesce(r.failures, 0) as failures
    from kb.usage_totals u
    left join kb.billing_customers c on c.account_id = u.account_id
    left join kb.meter_reports r
      on r.account_id = u.account_id and r.hour_us = u.hour_us and r.plan = u.plan
    where u.overage > 0 and u.hour_us >= ${nowUs - BACK_US} and u.hour_us <= ${hourOf(nowUs)}
      and (u.closed or ${one}::uuid is not null) and r.sent is distinct from u.overage
      and (${one}::uuid is null or u.account_id = ${one}::uuid)
      and coalesce(r.state, '') <> 'too_old'
      and (${one}::uuid is not null or coalesce(r.next_us, 0) <= ${nowUs})
    order by u.account_id, u.hour_us limit ${most}`
  return rows.map((row) => ({
    accountId: row['account_id'],
    customer: row['customer_id'],
    hourUs: Number(row['hour_us']) as Micros,
    plan: row['plan'],
    overage: Number(row['overage']),
    tries: row['tries'],
    failures: row['failures'],
  }))
}

/**
 * Notes what became of reports. Totals only grow: a smaller one that was told after a larger one replaced it at Stripe, and the
 * larger one is told again under another identifier.
 */
export async function writeReports(
  sql: Sql,
  reports: readonly (Report & {
    readonly state: string
    readonly identifier?: string
    readonly nextUs: Micros
  })[],
  nowUs: Micros,
): Promise<void> {
  for (const { accountId, hourUs, plan, overage, state, identifier, nextUs } of reports) {
    const sent = state === 'sent'
    await sql`
      insert into kb.meter_reports as r
        (account_id, hour_us, plan, sent, sent_us, identifier, state, tries, failures, next_us)
      values (${accountId}, ${hourUs}, ${plan}, ${sent ? overage : null}, ${sent ? nowUs : null},
        ${identifier ?? null}, ${state}, ${state === 'refused' ? 1 : 0}, ${sent ? 0 : 1}, ${nextUs})
      on conflict (account_id, hour_us, plan) do update
      set sent = case when excluded.sent < r.sent then null else coalesce(excluded.sent, r.sent) end,
        sent_us = coalesce(excluded.sent_us, r.sent_us),
        identifier = coalesce(excluded.identifier, r.identifier), state = excluded.state,
        tries = r.tries + case when excluded.sent < r.sent then 1 else excluded.tries end,
        failures = case when ${sent} then 0 else r.failures + 1 end, next_us = excluded.next_us`
  }
}

/** Notes that Stripe refused afterwards what it had taken: it is told again in an hour. @returns how many reports that was */
export async function noteRefused(
  sql: Sql,
  identifiers: readonly string[],
  nowUs: Micros,
): Promise<number> {
  let noted = 0
  for (const identifier of identifiers) {
    const { count } = await sql`
      update kb.meter_reports
      set state = 'refused', sent = null, tries = tries + 1, next_us = ${nowUs + 3_600_000_000}
      where identifier = ${identifier} and state = 'sent'`
    noted += count
  }
  return noted
}
