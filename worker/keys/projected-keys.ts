import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { KeyRecord } from '#core/key-record'

/** A record of the edge, and the hash of its key (64 hex digits), by which it is named. */
export type NamedRecord = { readonly hash: string; readonly record: KeyRecord }

/** An account's keys as the edge should know them, at one rev of the account. */
export type Projection = {
  readonly rev: number
  /** Since when (µs) the edge may not have heard of its changes. */
  readonly since: Micros
  readonly records: readonly NamedRecord[]
}

/**
 * Reads the keys of an account that may differ at the edge: those that work, and those that ended since it last heard all.
 * Null when it has heard all. Throws as Postgres does.
 * @param before since when (µs) it has not, should that be noted no more; null when it has by then
 * @param skewUs by so much our clocks may differ
 */
export async function readProjection(
  sql: Sql,
  accountId: string,
  before: Micros | null,
  nowUs: Micros,
  skewUs: number,
): Promise<Projection | null> {
  // One statement, so that the keys are those of the rev.
  const rows = await sql`
    select s.account_rev, s.since, encode(k.hash, 'hex') as hash, s.id as account, k.id as key, k.rev,
      to_jsonb(k.scopes) as scopes, s.plan, k.expires_us, k.revoked_us
    from (
      select a.id, a.rev as account_rev, kb.plan_at(a.id, ${nowUs}) as plan,
        least(p.since_us, ${before}::int8) as since
      from kb.accounts a left join kb.projections p on p.account_id = a.id
      where a.id = ${accountId}) s
    left join kb.api_keys k on k.account_id = s.id
      and least(coalesce(k.revoked_us, ${nowUs}), coalesce(k.expires_us, ${nowUs})) >= s.since - ${skewUs}::int8
    where s.since is not null`
  const [first] = rows
  if (first === undefined) return null
  return {
    rev: Number(first['account_rev']),
    since: Number(first['since']) as Micros,
    records: rows.filter((row) => row['key'] !== null).map(namedRecordOf),
  }
}

/** Reads keys in the order of their ids, whosever they are, as the edge should know them. @param after an id, or null to begin */
export async function readKeysAfter(
  sql: Sql,
  after: string | null,
  most: number,
  nowUs: Micros,
): Promise<readonly NamedRecord[]> {
  const rows = await sql`
    select encode(k.hash, 'hex') as hash, k.account_id as account, k.id as key, k.rev,
      to_jsonb(k.scopes) as scopes, kb.plan_at(k.account_id, ${nowUs}) as plan, k.expires_us, k.revoked_us
    from kb.api_keys k where ${after}::uuid is null or k.id > ${after}::uuid
    order by k.id limit ${most}`
  return rows.map(namedRecordOf)
}

/** Notes that all have heard of an account's change. @returns whether it has not changed since that rev */
export async function noteTold(sql: Sql, accountId: string, rev: number): Promise<boolean> {
  // The row of a later rev stays.
  await sql`delete from kb.projections where account_id = ${accountId} and rev = ${rev}`
  const [row] = await sql`select rev from kb.accounts where id = ${accountId}`
  return Number(row?.['rev']) === rev
}

/** Notes that an account's change is still to be told. Throws as Postgres does. */
export async function noteUntold(sql: Sql, accountId: string, sinceUs: Micros): Promise<void> {
  await sql`
    insert into kb.projections (account_id, rev, since_us)
    select id, rev, ${sinceUs} from kb.accounts where id = ${accountId}
    on conflict (account_id) do update set since_us = least(kb.projections.since_us, excluded.since_us)`
}

function namedRecordOf(row: Record<string, unknown>): NamedRecord {
  const us = (value: unknown) => (value === null ? null : Number(value))
  return {
    hash: row['hash'] as string,
    record: {
      v: 1,
      account: row['account'] as string,
      key: row['key'] as string,
      rev: Number(row['rev']),
      scopes: row['scopes'] as string[],
      plan: row['plan'] as string,
      expires_us: us(row['expires_us']),
      revoked_us: us(row['revoked_us']),
    },
  }
}
