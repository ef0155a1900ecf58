import type { Context } from 'hono'
import type { App } from '../context.ts'
import type { ApiKey } from '../store/api-keys.ts'
import { type Identified, UNKNOWN_KEY } from './caller.ts'
import { lookUpKeyById } from './found-keys.ts'

/** Who calls with a key, or why it opens nothing. One that has expired is refused by our own clock, however old what we know of it is. */
export function judgeKey(key: ApiKey | null): Identified {
  if (key === null) return { ok: false, error: UNKNOWN_KEY }
  if (key.revokedUs !== null) {
    return { ok: false, error: { code: 'key_revoked', message: 'this API key was revoked' } }
  }
  if (key.expiresUs !== null && key.expiresUs <= Date.now() * 1000) {
    return { ok: false, error: { code: 'unauthorized', message: 'this API key has expired' } }
  }
  const { keyId, accountId, rev, plan, scopes } = key
  const caller = { accountId, keyId, rev, plan, scopes, spendsFrom: [accountId] } as const
  return { ok: true, caller: { kind: 'account', ...caller } }
}

/** Who calls with a key of that id, as `judgeKey` says. Throws DatabaseAwayError. */
export async function identifyById(c: Context<App>, keyId: string): Promise<Identified> {
  return judgeKey(await lookUpKeyById(c, keyId))
}
