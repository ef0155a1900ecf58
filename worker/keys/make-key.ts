import type { Sql } from 'postgres'
import type { ApiError } from '#core/api-error'
import { displayOfApiKey, makeApiKey } from '#core/api-key'
import type { Micros } from '#core/instant'
import { type KeyAsked, MADE_A_DAY, MOST_KEYS } from '#core/key-asked'
import type { Env } from '../env.ts'
import { audit } from '../store/account-audit.ts'
import { type Changed, changeAccount } from './change-account.ts'
import { newKeyHash } from './key-hash.ts'
import { countKeys, countMadeSince, type KeyRow } from './key-row.ts'

/** Fewer than 32 of so many bytes being fair happens once in 10⁵⁰ keys. */
const RANDOM_BYTES = 128
const DAY_US = 86_400_000_000

/** A key whose text is told this once. */
export type NewKey = { readonly text: string; readonly hash: string; readonly version: number }

/** Makes the text of a key and its hash; null while no pepper is configured. */
export async function drawKey(env: Env): Promise<NewKey | null> {
  const text = makeApiKey(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)))
  const hashed = await newKeyHash(env, text)
  return hashed === null ? null : { text, ...hashed }
}

/** Stores a new key of an account. The same `request_id` makes no second one. Throws as Postgres does. */
export function makeKey(
  sql: Sql,
  accountId: string,
  key: NewKey,
  asked: KeyAsked,
  nowUs: Micros,
): Promise<Changed<KeyRow>> {
  return changeAccount(sql, accountId, nowUs, async (tx) => {
    const { name, scopes, expires, month_cap, request_id: word } = asked
    if (word !== undefined && (await isTold(tx, accountId, word))) {
      return { ok: false, error: REPEATED }
    }
    if ((await countKeys(tx, accountId, nowUs)) >= MOST_KEYS) return { ok: false, error: FULL }
    if (await isBusy(tx, accountId, nowUs)) return { ok: false, error: BUSY }
    const terms = { name, scopes, expiresUs: expires, monthCap: month_cap }
    const value = await insertKey(tx, accountId, key, terms, nowUs)
    const detail = {
      ...detailOf(value),
      ...(word === undefined ? {} : { request_id: word }),
    }
    await audit(tx, { accountId, atUs: nowUs, actor: 'person', what: 'key_made', detail })
    return { ok: true, value, changed: true }
  })
}

const FULL: ApiError = {
  code: 'invalid_param',
  param: 'keys',
  message: `an account may have ${MOST_KEYS} keys that work: revoke one that you no longer use`,
}
const REPEATED: ApiError = {
  code: 'invalid_param',
  param: 'request_id',
  message: 'a key was made for this request_id already; its text was told then',
}

/** What is refused to an account that makes keys all day: each is kept for ever. */
export const BUSY: ApiError = {
  code: 'rate_limited',
  message: `an account may make ${MADE_A_DAY} keys a day`,
  retryAfterMs: 3_600_000,
}

/** Whether an account has made as many keys in the last day as it may. Throws as Postgres does. */
export async function isBusy(tx: Sql, accountId: string, nowUs: Micros): Promise<boolean> {
  const made = await countMadeSince(tx, accountId, (nowUs - DAY_US) as Micros)
  return made >= MADE_A_DAY
}

/** Whether a key was made for a word of the asker's. */
async function isTold(tx: Sql, accountId: string, word: string): Promise<boolean> {
  const [row] = await tx`
    select from kb.account_audit where account_id = ${accountId} and what = 'key_made'
      and detail->>'request_id' = ${word} limit 1`
  return row !== undefined
}

/** Stores a key's row. Throws as Postgres does. */
export async function insertKey(
  tx: Sql,
  accountId: string,
  { text, hash, version }: NewKey,
  terms: Pick<KeyRow, 'name' | 'scopes' | 'expiresUs' | 'monthCap'>,
  nowUs: Micros,
): Promise<KeyRow> {
  const { name, scopes, expiresUs, monthCap } = terms
  const display = displayOfApiKey(text)
  const [row] = await tx`
    insert into kb.api_keys
      (account_id, name, hash, pepper_version, display, scopes, month_cap, created_us, expires_us)
    values (${accountId}, ${name}, decode(${hash}::text, 'hex'), ${version}, ${display},
      array(select jsonb_array_elements_text(${tx.json([...scopes])})), ${monthCap}, ${nowUs}, ${expiresUs})
    returning id`
  const ends = { lastUsedUs: null, revokedUs: null }
  const shown = { id: row?.['id'] as string, display, createdUs: nowUs }
  return { ...shown, name, scopes, monthCap, expiresUs, ...ends }
}

/** What the audit says of a key. */
export function detailOf({ id, display, name, scopes, monthCap, expiresUs }: KeyRow) {
  return { key: id, display, name, scopes, month_cap: monthCap, expires_us: expiresUs }
}
