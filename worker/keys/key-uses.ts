import type { Sql } from 'postgres'
import type { UsageRow } from '#core/account-word'

const HOUR_US = 3_600_000_000
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Notes when an account's keys were used last, by what its object tells the ledger once a minute: a key of which there is more
 * than before was used just now, or at the latest when its hour ended. What is no key of the table is passed over.
 * Throws as Postgres does; the account's role is needed.
 */
export async function noteUses(
  sql: Sql,
  accountId: string,
  told: readonly Pick<UsageRow, 'keyId' | 'hourUs'>[],
): Promise<void> {
  const ends = new Map<string, number>()
  for (const { keyId, hourUs } of told) {
    if (UUID.test(keyId)) ends.set(keyId, Math.max(ends.get(keyId) ?? 0, hourUs + HOUR_US - 1))
  }
  if (ends.size === 0) return
  const used = [...ends].map(([id, us]) => ({ id, us }))
  await sql`
    update kb.api_keys k set last_used_us = least(u.us, (extract(epoch from now()) * 1e6)::int8)
    from jsonb_to_recordset(${sql.json(used)}) u (id uuid, us int8)
    where k.id = u.id and k.account_id = ${accountId}
      and coalesce(k.last_used_us, 0) < least(u.us, (extract(epoch from now()) * 1e6)::int8)`
}
