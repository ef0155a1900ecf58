import type { Context } from 'hono'
import type { Micros } from '#core/instant'
import { type KeyRecord, keyRecord, keyRecordName } from '#core/key-record'
import { KnownKeys } from '#core/known-keys'
import { type App, readAccounts } from '../context.ts'
import type { Env } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { perEnv } from '../per-env.ts'
import { type ApiKey, findApiKey, findApiKeyById } from '../store/api-keys.ts'

/** A key, or that there is none. */
type Found = { readonly key: ApiKey | null }

/** KV that takes longer than this, ms, is not waited for. */
const EDGE_MS = 500

const memoryOf = perEnv(() => new KnownKeys<Found>())

/** A key as it was found in the last five seconds, by hash or id; null when nobody looked for it. */
export function recallKey(env: Env, name: string): Found | null {
  return memoryOf(env).get(name, Date.now())
}

/**
 * A key by the hash of its text (64 hex digits): from the edge, else from Postgres; null when there is none. What was found,
 * or that nothing was, is known for five seconds. It may be a minute old: what a request may do is its account's word.
 * Throws DatabaseAwayError.
 */
export async function lookUpKey(c: Context<App>, hash: string): Promise<ApiKey | null> {
  const key =
    (await keyAtEdge(c.env, hash)) ?? (await readAccounts(c, (sql) => findApiKey(sql, hash)))
  memoryOf(c.env).put(hash, { key }, Date.now())
  return key
}

/** A key by its id, from Postgres; null when there is none. Throws DatabaseAwayError. */
export async function lookUpKeyById(c: Context<App>, keyId: string): Promise<ApiKey | null> {
  const before = recallKey(c.env, keyId)
  if (before !== null) return before.key
  const key = await readAccounts(c, (sql) => findApiKeyById(sql, keyId))
  memoryOf(c.env).put(keyId, { key }, Date.now())
  return key
}

/** What KV holds of a key; null for nothing, for what cannot be read, and while KV fails: Postgres knows. */
async function keyAtEdge(env: Env, hash: string): Promise<ApiKey | null> {
  try {
    const text = await inTime(env.KEYS.get(keyRecordName(hash)), EDGE_MS)
    const record = text === null ? null : keyRecord.safeParse(JSON.parse(text))
    return record?.success ? keyOf(record.data) : null
  } catch {
    return null
  }
}

function keyOf(record: KeyRecord): ApiKey {
  return {
    keyId: record.key,
    accountId: record.account,
    rev: record.rev,
    plan: record.plan,
    scopes: record.scopes,
    revokedUs: record.revoked_us as Micros | null,
    expiresUs: record.expires_us as Micros | null,
  }
}
