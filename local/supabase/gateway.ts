import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { AuthCall } from './calls.ts'

/** The API keys of a project. */
export type Keys = { readonly publishableKey: string; readonly secretKey: string }

type Admitted =
  | { readonly ok: true; readonly caller: Pick<AuthCall, 'token' | 'isSecret' | 'address'> }
  | { readonly ok: false; readonly body: { readonly message: string; readonly hint: string } }

/**
 * Lets through who bears a key of the project, as Supabase's gateway does: what stands before Supabase Auth. A secret key
 * in a browser is refused, and it alone may say for whose address it asks.
 */
export function admitted(request: IncomingMessage, keys: Keys): Admitted {
  const key = request.headers['apikey']
  if (key === undefined) {
    const hint = 'No `apikey` request header or url param was found.'
    return { ok: false, body: { message: 'No API key found in request', hint } }
  }
  const isSecret = key === keys.secretKey
  if (!isSecret && key !== keys.publishableKey) {
    const hint = 'Double check the provided API key.'
    return { ok: false, body: { message: 'Invalid API key', hint } }
  }
  if (isSecret && /^Mozilla\//.test(request.headers['user-agent'] ?? '')) {
    const hint = 'Secret API keys can only be used in a protected environment.'
    return { ok: false, body: { message: 'Forbidden use of secret API key in browser', hint } }
  }
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null
  if (bearer?.startsWith('sb_') && bearer !== key) {
    return { ok: false, body: { message: 'Invalid JWT', hint: 'The key must be the apikey.' } }
  }
  const forwarded =
    String(request.headers['sb-forwarded-for'] ?? '')
      .split(',')[0]
      ?.trim() ?? ''
  const address = isSecret && isIP(forwarded) ? forwarded : (request.socket.remoteAddress ?? '')
  return { ok: true, caller: { token: bearer === key ? null : bearer, isSecret, address } }
}
