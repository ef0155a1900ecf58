import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'

/** A key as its owner sees it: its text is kept nowhere. */
export type KeyRow = {
  readonly id: string
  readonly name: string
  readonly display: string
  readonly scopes: readonly string[]
  readonly monthCap: number | null
  readonly createdUs: Micros
  readonly lastUsedUs: Micros | null
  readonly expiresUs: Micros | null
  readonly revokedUs: Micros | null
}

/** Ended ones that are still told of. */
const MOST_ENDED = 100

/** The keys of an account, those that work first, the latest first among them. Throws as Postgres does. */
export async function listKeys(
  sql: Sql,
  accountId: string,
  nowUs: Micros,
): Promise<readonly KeyRow[]> {
  const works = worksAt(sql, nowUs)
  const rows = await sql`
    (select ${columns(sql)}, true as works from kb.api_keys
      where account_id = ${accountId} and ${works})
    union all
    (select ${columns(sql)}, false as works from kb.api_keys
      where account_id = ${accountId} and not (${works})
      order by created_us desc limit ${MOST_ENDED})
    order by works desc, created_us desc, id`
  return rows.map(keyRowOf)
}

/** One key of an account, held until the transaction ends; null when the account has none of that id. Throws as Postgres does. */
export async function holdKey(sql: Sql, accountId: string, id: string): Promise<KeyRow | null> {
  const [row] = await sql`
    select ${columns(sql)} from kb.api_keys
    where account_id = ${accountId} and id = ${id} for update`
  return row === undefined ? null : keyRowOf(row)
}

/** How many keys of an account work. Throws as Postgres does. */
export async function countKeys(sql: Sql, accountId: string, nowUs: Micros): Promise<number> {
  const [row] = await sql`
    select count(*)::int as n from kb.api_keys
    where account_id = ${accountId} and ${worksAt(sql, nowUs)}`
  return Number(row?.['n'])
}

/** How many keys of an account were made since an instant. Throws as Postgres does. */
export async function countMadeSince(
  sql: Sql,
  accountId: string,
  sinceUs: Micros,
): Promise<number> {
  const [row] = await sql`
    select count(*)::int as n from kb.api_keys
    where account_id = ${accountId} and created_us > ${sinceUs}`
  return Number(row?.['n'])
}

function worksAt(sql: Sql, nowUs: Micros) {
  return sql`(revoked_us is null and (expires_us is null or expires_us > ${nowUs}))`
}

function columns(sql: Sql) {
  return sql`id, name, display, to_jsonb(scopes) as scopes, month_cap, created_us, last_used_us, expires_us,
    revoked_us`
}

function keyRowOf(row: Record<string, unknown>): KeyRow {
  const cap = row['month_cap']
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    display: row['display'] as string,
    scopes: row['scopes'] as string[],
    monthCap: cap === null ? null : Number(cap),
    createdUs: Number(row['created_us']) as Micros,
    lastUsedUs: micros(row['last_used_us']),
    expiresUs: micros(row['expires_us']),
    revokedUs: micros(row['revoked_us']),
  }
}
