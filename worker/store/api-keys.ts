import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'

/** Whose key it is, and what it may do. Whether it is expired or revoked is the caller's to judge. */
export type ApiKey = {
  readonly keyId: string
  readonly accountId: string
  /** Grows with every change of the key. */
  readonly rev: number
  readonly plan: string
  readonly scopes: readonly string[]
  readonly revokedUs: Micros | null
  readonly expiresUs: Micros | null
}

/**
 * Finds a key by the hash of its text; null when there is none. Throws as Postgres does.
 * @param hash HMAC-SHA-256 in 64 hex digits; the account's role is needed
 */
export async function findApiKey(sql: Sql, hash: string): Promise<ApiKey | null> {
  const [row] = await sql`${keys(sql)} where k.hash = decode(${hash}::text, 'hex')`
  return row === undefined ? null : keyOf(row)
}

/** Finds a key by its id; null when there is none. Throws as Postgres does; the account's role is needed. */
export async function findApiKeyById(sql: Sql, keyId: string): Promise<ApiKey | null> {
  const [row] = await sql`${keys(sql)} where k.id = ${keyId}`
  return row === undefined ? null : keyOf(row)
}

function keys(sql: Sql) {
  return sql`
    select k.id, k.account_id, k.rev, kb.plan_at(a.id, (extract(epoch from now()) * 1e6)::bigint) as plan, to_jsonb(k.scopes) as scopes, k.revoked_us, k.expires_us
    from kb.api_keys k join kb.accounts a on a.id = k.account_id`
}

function keyOf(row: Record<string, unknown>): ApiKey {
  return {
    keyId: row['id'] as string,
    accountId: row['account_id'] as string,
    rev: Number(row['rev']),
    plan: row['plan'] as string,
    scopes: row['scopes'] as string[],
    revokedUs: micros(row['revoked_us']),
    expiresUs: micros(row['expires_us']),
  }
}

/** What its owner calls a key, and when it expires; null for one that is not kept. Throws as Postgres does. */
export async function findKeyName(
  sql: Sql,
  keyId: string,
): Promise<{ readonly name: string; readonly expiresUs: Micros | null } | null> {
  const [row] = await sql`select name, expires_us from kb.api_keys where id::text = ${keyId}`
  return row === undefined
    ? null
    : { name: row['name'] as string, expiresUs: micros(row['expires_us']) }
}
