import type { Sql } from 'postgres'
import type { UsageRow } from '#core/account-word'
import type { Micros } from '#core/instant'

/** The ledger of an account, hours that begin in [fromUs, toUs), at most `limit` rows. Throws as Postgres does. */
export async function listUsage(
  sql: Sql,
  accountId: string,
  { fromUs, toUs }: { readonly fromUs: Micros; readonly toUs: Micros },
  limit: number,
): Promise<readonly UsageRow[]> {
  const rows = await sql`
    select hour_us, key_id, route, requests, failed, credits from kb.usage_hours
    where account_id = ${accountId} and hour_us >= ${fromUs} and hour_us < ${toUs}
    limit ${limit}`
  return rows.map((row) => ({
    hourUs: Number(row['hour_us']) as Micros,
    keyId: row['key_id'] as string,
    route: row['route'] as string,
    requests: Number(row['requests']),
    failed: Number(row['failed']),
    credits: Number(row['credits']),
  }))
}
