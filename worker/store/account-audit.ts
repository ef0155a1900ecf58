import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'

/** What was changed of an account, and who did. Never a secret, never a key's text. */
export type AuditEntry = {
  readonly accountId: string
  readonly atUs: Micros
  readonly actor: 'person' | 'stripe' | 'operator' | 'schedule'
  /** `key_made`, `plan_changed`, … */
  readonly what: string
  readonly detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>>
}

/** Writes down a change, in the transaction that makes it. Throws as Postgres does. */
export async function audit(sql: Sql, entry: AuditEntry): Promise<void> {
  const { accountId, atUs, actor, what, detail } = entry
  await sql`
    insert into kb.account_audit (account_id, at_us, actor, what, detail)
    values (${accountId}, ${atUs}, ${actor}, ${what}, ${sql.json(detail)})`
}
