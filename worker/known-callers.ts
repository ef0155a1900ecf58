import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { KnownKeys } from '#core/known-keys'
import { type App, readAccounts } from './context.ts'
import type { Env } from './env.ts'
import { type ApiKey, findApiKey, findApiKeyById } from './store/api-keys.ts'

/** Whose key it is, or why it opens nothing. */
export type Caller =
  | { readonly ok: true; readonly key: ApiKey }
  | { readonly ok: false; readonly error: ApiError }

export const UNKNOWN_KEY: ApiError = {
  code: 'unauthorized',
  message: 'this API key is not known',
}

/** Finds a good key by the hash of its text (64 hex digits). Throws DatabaseAwayError. */
export async function callerByHash(c: Context<App>, hash: string): Promise<Caller> {
  return judged(await recalled(c, hash, () => readAccounts(c, (sql) => findApiKey(sql, hash))))
}

/** Finds a good key by its id. Throws DatabaseAwayError. */
export async function callerById(c: Context<App>, keyId: string): Promise<Caller> {
  return judged(
    await recalled(c, keyId, () => readAccounts(c, (sql) => findApiKeyById(sql, keyId))),
  )
}

function judged(key: ApiKey | null): Caller {
  if (key === null) return { ok: false, error: UNKNOWN_KEY }
  if (key.revokedUs !== null) {
    return { ok: false, error: { code: 'key_revoked', message: 'this API key was revoked' } }
  }
  return key.expiresUs !== null && key.expiresUs <= Date.now() * 1000
    ? { ok: false, error: { code: 'unauthorized', message: 'this API key has expired' } }
    : { ok: true, key }
}

const known = new WeakMap<Env, KnownKeys<ApiKey>>()

/**
 * A key as it is or was at most five seconds ago: a key that is revoked is refused everywhere within them, and one
 * that is used all the time costs no query each time. A key that nobody made is looked for every time. Where keys are kept
 * at the edge and every request is metered by its account, this memory has nothing left to spare.
 */
async function recalled(
  c: Context<App>,
  name: string,
  find: () => Promise<ApiKey | null>,
): Promise<ApiKey | null> {
  const keys = known.get(c.env) ?? new KnownKeys<ApiKey>()
  known.set(c.env, keys)
  const before = keys.get(name, Date.now())
  if (before !== null) return before
  const key = await find()
  if (key !== null) keys.put(name, key, Date.now())
  return key
}
