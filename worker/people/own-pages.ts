import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { hmac, printBase64Url, sameSecret } from '../hmac.ts'
import { isForm, readFields } from './read-fields.ts'

/** The header, or the field of a form, in which our pages send back what `GET /account/session` told them. */
const HEADER = 'X-CSRF-Token'
const FIELD = 'csrf_token'

/** Whether a request changes nothing. */
export function isReading(c: Context<App>): boolean {
  return c.req.raw.method === 'GET' || c.req.raw.method === 'HEAD'
}

/** What is wrong when a request that may change something does not come from our own pages; null when it does. */
export function foreignOrigin(c: Context<App>): ApiError | null {
  const { PUBLIC_URL } = settingsOf(c.env)
  if (PUBLIC_URL === '') {
    return { code: 'upstream_degraded', message: 'the address of this service is not configured' }
  }
  if (c.req.header('Origin') === new URL(PUBLIC_URL).origin) return null
  const message = `this is answered to our own pages alone: Origin must be ${new URL(PUBLIC_URL).origin}`
  return { code: 'forbidden', param: 'Origin', message }
}

/** The word by which a session's pages show that they are ours. */
export async function csrfToken(secret: string, sessionId: string): Promise<string> {
  return printBase64Url(await hmac(secret, `csrf ${sessionId}`))
}

/** What is wrong when a request of a session does not bear its word; null when it does. */
export async function missingCsrf(
  c: Context<App>,
  secret: string,
  sessionId: string,
): Promise<ApiError | null> {
  const given = c.req.header(HEADER) ?? (await csrfField(c))
  if (given !== null && (await sameSecret(given, await csrfToken(secret, sessionId)))) return null
  const message = 'must be the csrf_token that GET /account/session tells this session'
  return { code: 'forbidden', param: HEADER, message }
}

async function csrfField(c: Context<App>): Promise<string | null> {
  if (!isForm(c)) return null
  const read = await readFields(c)
  const field = read.ok ? read.fields[FIELD] : null
  return typeof field === 'string' ? field : null
}
