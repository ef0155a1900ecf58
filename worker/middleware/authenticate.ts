import type { Context, MiddlewareHandler } from 'hono'
import { isApiKey } from '#core/api-key'
import { KnownKeys } from '#core/known-keys'
import { type App, readAccounts } from '../context.ts'
import { type Env, settingsOf } from '../env.ts'
import { hmac, printHex } from '../hmac.ts'
import { refuse } from '../refuse.ts'
import { type ApiKey, findApiKey } from '../store/api-keys.ts'

/** What anybody may read. */
const OPEN = ['/v1/status']

/** Lets through who bears a good API key in a header: form and checksum first, then the store. */
export const authenticate: MiddlewareHandler<App> = async (c, next) => {
  if (OPEN.includes(c.req.path)) return next()
  const given = givenKey(c)
  if ('wrong' in given) return refuse(c, { code: 'unauthorized', message: given.wrong })
  const unknown = 'this API key is not known'
  if (!isApiKey(given.key)) return refuse(c, { code: 'unauthorized', message: unknown })
  const pepper = settingsOf(c.env).KEY_PEPPER_V1
  if (pepper === null) {
    const message = 'API keys cannot be checked now'
    return refuse(c, { code: 'upstream_degraded', message })
  }
  const key = await findKey(c, printHex(await hmac(pepper, given.key)))
  if (key === null) return refuse(c, { code: 'unauthorized', message: unknown })
  if (key.revokedUs !== null) {
    return refuse(c, { code: 'key_revoked', message: 'this API key was revoked' })
  }
  if (key.expiresUs !== null && key.expiresUs <= Date.now() * 1000) {
    return refuse(c, { code: 'unauthorized', message: 'this API key has expired' })
  }
  c.set('caller', key)
  return next()
}

const known = new WeakMap<Env, KnownKeys<ApiKey>>()

/**
 * Finds a key, as it is or was at most five seconds ago: a key that is revoked is refused everywhere within them, and one
 * that is used all the time costs no query each time. A key that nobody made is looked for every time. Where keys are kept
 * at the edge and every request is metered by its account, this memory has nothing left to spare.
 */
async function findKey(c: Context<App>, hash: string): Promise<ApiKey | null> {
  const keys = known.get(c.env) ?? new KnownKeys<ApiKey>()
  known.set(c.env, keys)
  const before = keys.get(hash, Date.now())
  if (before !== null) return before
  const key = await readAccounts(c, (sql) => findApiKey(sql, hash))
  if (key !== null) keys.put(hash, key, Date.now())
  return key
}

function givenKey(c: Context<App>): { key: string } | { wrong: string } {
  const authorization = c.req.header('Authorization')
  const bearer =
    authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (authorization !== undefined && bearer === undefined) {
    return { wrong: 'Authorization must be: Bearer kb_live_…' }
  }
  const header = c.req.header('X-API-Key')?.trim()
  if (bearer !== undefined && header !== undefined && bearer !== header) {
    return { wrong: 'Authorization and X-API-Key bear two different keys' }
  }
  const key = bearer ?? header
  return key === undefined
    ? { wrong: 'an API key is needed: Authorization: Bearer kb_live_… or X-API-Key: kb_live_…' }
    : { key }
}
