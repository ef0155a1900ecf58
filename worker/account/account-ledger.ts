import type { Sql } from 'postgres'
import type { UsageRow } from '#core/account-word'
import type { TotalRow } from './account-usage.ts'

/**
 * Tells the ledger running totals: each may be told again, in any order, and none is ever lowered.
 * Throws as `sql` does.
 */
export async function writeLedger(
  sql: Sql,
  accountId: string,
  usage: readonly UsageRow[],
  totals: readonly TotalRow[],
): Promise<void> {
  // One statement: an hour is closed together with all its rows, or not yet.
  await sql`
    with hours as (
      insert into kb.usage_hours as u
        (account_id, hour_us, key_id, route, requests, failed, credits)
      select ${accountId}::uuid, r."hourUs", r."keyId", r.route, r.requests, r.failed, r.credits
      from jsonb_to_recordset(${JSON.stringify(usage)}::text::jsonb) r("hourUs" bigint,
        "keyId" text, route text, requests bigint, failed bigint, credits bigint)
      on conflict (account_id, hour_us, key_id, route) do update set
        requests = greatest(u.requests, excluded.requests),
        failed = greatest(u.failed, excluded.failed),
        credits = greatest(u.credits, excluded.credits))
    insert into kb.usage_totals as t (account_id, hour_us, plan, credits, overage, closed)
    select ${accountId}::uuid, r."hourUs", r.plan, r.credits, r.overage, r.closed
    from jsonb_to_recordset(${JSON.stringify(totals)}::text::jsonb) r("hourUs" bigint, plan text,
      credits bigint, overage bigint, closed boolean)
    on conflict (account_id, hour_us, plan) do update set
      credits = greatest(t.credits, excluded.credits),
      overage = greatest(t.overage, excluded.overage),
      closed = t.closed or excluded.closed`
}
