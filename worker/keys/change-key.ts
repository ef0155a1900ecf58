import type { Sql } from 'postgres'
import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import { MOST_KEYS } from '#core/key-asked'
import { endOfReplaced, keyStateAt } from '#core/key-state'
import { audit } from '../store/account-audit.ts'
import { type Changed, changeAccount } from './change-account.ts'
import { countKeys, holdKey, type KeyRow } from './key-row.ts'
import { BUSY, detailOf, insertKey, isBusy, type NewKey } from './make-key.ts'

const NO_SUCH: ApiError = { code: 'not_found', message: 'this account has no such key' }
const ENDED: ApiError = {
  code: 'invalid_param',
  param: 'id',
  message: 'this key no longer works: make another',
}
const REPLACED: ApiError = {
  code: 'invalid_param',
  param: 'id',
  message: 'this key was rotated already: rotate the one that replaces it',
}
const TOO_MANY: ApiError = {
  code: 'invalid_param',
  param: 'keys',
  message: `at most ${2 * MOST_KEYS} keys may work at once, replaced ones among them: revoke one`,
}

/** Which key of which account, and when (µs). */
export type KeyPlace = {
  readonly accountId: string
  readonly keyId: string
  readonly nowUs: Micros
}

/** A key and the one that replaces it. */
export type Rotation = { readonly made: KeyRow; readonly replaced: KeyRow }

/** Ends a key at once; one that is revoked stays so. Throws as Postgres does. */
export function revokeKey(sql: Sql, place: KeyPlace): Promise<Changed<KeyRow>> {
  return changeKey(sql, place, async (tx, key) => {
    if (key.revokedUs !== null) return { ok: true, value: key, changed: false }
    const { keyId, nowUs } = place
    await tx`update kb.api_keys set revoked_us = ${nowUs}, rev = rev + 1 where id = ${keyId}`
    await note(tx, place, 'key_revoked', { key: keyId, display: key.display })
    return { ok: true, value: { ...key, revokedUs: nowUs }, changed: true }
  })
}

/** Sets what a key may spend in a month; null for as much as its account. Throws as Postgres does. */
export function capKey(
  sql: Sql,
  place: KeyPlace,
  monthCap: number | null,
): Promise<Changed<KeyRow>> {
  return changeKey(sql, place, async (tx, key) => {
    if (keyStateAt(key, place.nowUs) !== 'active') return { ok: false, error: ENDED }
    if (key.monthCap === monthCap) return { ok: true, value: key, changed: false }
    const { keyId } = place
    await tx`update kb.api_keys set month_cap = ${monthCap}, rev = rev + 1 where id = ${keyId}`
    await note(tx, place, 'key_capped', { key: keyId, month_cap: monthCap, was: key.monthCap })
    return { ok: true, value: { ...key, monthCap }, changed: true }
  })
}

/**
 * Replaces a key by one of the same name, scopes, cap and end; it ends itself after the overlap (hours). Each key is replaced
 * once. Throws as Postgres does.
 */
export function rotateKey(
  sql: Sql,
  place: KeyPlace,
  next: NewKey,
  overlapHours: number,
): Promise<Changed<Rotation>> {
  return changeKey(sql, place, async (tx, key) => {
    const { accountId, keyId, nowUs } = place
    if (keyStateAt(key, nowUs) !== 'active') return { ok: false, error: ENDED }
    if (await isReplaced(tx, place)) return { ok: false, error: REPLACED }
    if ((await countKeys(tx, accountId, nowUs)) >= 2 * MOST_KEYS) {
      return { ok: false, error: TOO_MANY }
    }
    if (await isBusy(tx, accountId, nowUs)) return { ok: false, error: BUSY }
    const made = await insertKey(tx, accountId, next, key, nowUs)
    const end = endOfReplaced(key.expiresUs, overlapHours, nowUs)
    await tx`update kb.api_keys set expires_us = ${end}, rev = rev + 1 where id = ${keyId}`
    await note(tx, place, 'key_rotated', { ...detailOf(made), replaces: keyId, until_us: end })
    return { ok: true, value: { made, replaced: { ...key, expiresUs: end } }, changed: true }
  })
}

/** Changes a key that its account has. */
function changeKey<Value>(
  sql: Sql,
  { accountId, keyId, nowUs }: KeyPlace,
  change: (tx: Sql, key: KeyRow) => Promise<Changed<Value>>,
): Promise<Changed<Value>> {
  return changeAccount(sql, accountId, nowUs, async (tx) => {
    const key = await holdKey(tx, accountId, keyId)
    return key === null ? { ok: false, error: NO_SUCH } : change(tx, key)
  })
}

async function isReplaced(tx: Sql, { accountId, keyId }: KeyPlace): Promise<boolean> {
  const [row] = await tx`
    select from kb.account_audit where account_id = ${accountId} and what = 'key_rotated'
      and detail->>'replaces' = ${keyId} limit 1`
  return row !== undefined
}

function note(
  tx: Sql,
  { accountId, nowUs }: KeyPlace,
  what: string,
  detail: Readonly<Record<string, string | number | null | readonly string[]>>,
): Promise<void> {
  return audit(tx, { accountId, atUs: nowUs, actor: 'person', what, detail })
}
