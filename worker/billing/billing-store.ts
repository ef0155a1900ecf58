import type { Sql, TransactionSql } from 'postgres'
import type { BillDifference, StoredBill } from '#core/bill-difference'
import type { Micros } from '#core/instant'
import type { PlanName } from '#core/plan'
import type { PlanChange } from '#core/subscription'

/** A connection, or a transaction of one. */
export type AnySql = Sql | TransactionSql

/** An account as billing sees it. */
export type BilledAccount = {
  readonly customer: string | null
  readonly tries: number
  readonly freeCredits: boolean
  readonly closed: boolean
  readonly paidOnce: boolean
  readonly capCents: number | null
  readonly suspended: string | null
  readonly graceUntilUs: Micros | null
  /** Why overage is suspended though every month is paid. */
  readonly hold: string | null
}

/** Lets one transaction at a time deal with an account's billing. Waits 5 s at most, then throws as Postgres does. */
export async function lockBilling(sql: TransactionSql, accountId: string): Promise<void> {
  // Stripe is asked while the lock is held.
  await sql`set local idle_in_transaction_session_timeout = '20s'`
  await sql`select pg_advisory_xact_lock(hashtextextended(${`billing:${accountId}`}, 0))`
}

/** Reads what billing must know of an account; null when there is none. */
export async function readBilled(sql: AnySql, accountId: string): Promise<BilledAccount | null> {
  const [row] = await sql`
    select c.customer_id, coalesce(c.tries, 0) as tries, a.free_credits, a.closed_us, a.paid_once,
      a.overage_cap_cents, a.overage_suspended, a.grace_until_us,
      (select h.reason from kb.billing_holds h where h.account_id = a.id and h.until_us is null
        order by h.from_us limit 1) as hold
    from kb.accounts a left join kb.billing_customers c on c.account_id = a.id
    where a.id = ${accountId}`
  if (row === undefined) return null
  const grace = row['grace_until_us']
  return {
    customer: row['customer_id'],
    tries: row['tries'],
    freeCredits: row['free_credits'],
    closed: row['closed_us'] !== null,
    paidOnce: row['paid_once'],
    capCents: row['overage_cap_cents'],
    suspended: row['overage_suspended'],
    graceUntilUs: grace === null ? null : (Number(grace) as Micros),
    hold: row['hold'],
  }
}

/** What is stored of an account's bills. */
export async function readStoredBill(sql: AnySql, accountId: string): Promise<StoredBill> {
  const changes = await sql`
    select plan, from_us, source from kb.plan_changes where account_id = ${accountId}`
  const grants = await sql`select source from kb.credit_grants where account_id = ${accountId}`
  return {
    changes: changes.map(
      (row): PlanChange => ({
        plan: row['plan'] as PlanName,
        fromUs: Number(row['from_us']) as Micros,
        source: row['source'],
      }),
    ),
    granted: new Set(grants.map((row) => row['source'] as string)),
  }
}

/** Writes a difference. */
export async function writeDifference(
  sql: TransactionSql,
  accountId: string,
  { removed, changes, grants }: BillDifference,
  nowUs: Micros,
): Promise<void> {
  for (const source of removed) {
    await sql`delete from kb.plan_changes where account_id = ${accountId} and source = ${source}`
  }
  for (const { plan, fromUs, source } of changes) {
    await sql`
      insert into kb.plan_changes (account_id, from_us, plan, source, made_us)
      values (${accountId}, ${fromUs}, ${plan}, ${source}, ${nowUs})
      on conflict (source) do nothing`
  }
  for (const { source, monthUs, credits } of grants) {
    await sql`
      insert into kb.credit_grants (source, account_id, month_us, credits, made_us)
      values (${source}, ${accountId}, ${monthUs}, ${credits}, ${nowUs})
      on conflict (source) do nothing`
  }
}

/** Writes down who changed what. */
export async function audit(
  sql: AnySql,
  accountId: string,
  actor: 'person' | 'stripe' | 'schedule',
  what: string,
  detail: Readonly<Record<string, unknown>>,
  nowUs: Micros,
): Promise<void> {
  await sql`
    insert into kb.account_audit (account_id, at_us, actor, what, detail)
    values (${accountId}, ${nowUs}, ${actor}, ${what}, ${JSON.stringify(detail)}::text::jsonb)`
}

/** The account of a customer of Stripe's; null for nobody's. */
export async function accountOfCustomer(sql: AnySql, customer: string): Promise<string | null> {
  const [row] = await sql`
    select account_id from kb.billing_customers where customer_id = ${customer}`
  return row?.['account_id'] ?? null
}
