import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Micros } from '#core/instant'
import { SupabaseAwayError } from './supabase.ts'

/** What Supabase says of somebody who is signed in. */
export type Person = {
  readonly personId: string
  readonly sessionId: string
  readonly email: string
  /** When they last proved who they are, not when their token was renewed, µs. */
  readonly signedInUs: Micros
}

const claims = z.object({
  sub: z.uuid(),
  session_id: z.uuid(),
  email: z.string().min(3),
  role: z.literal('authenticated'),
  is_anonymous: z.literal(false).optional(),
  amr: z.array(z.object({ method: z.string(), timestamp: z.number() })).min(1),
})

/** Supabase's public keys, remembered in the isolate; an unknown key id has them read again, at most twice a minute. */
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>()
/** In production there is one project. */
const MOST_KEY_SETS = 8

/**
 * Reads an access token by Supabase's public keys; null when it is expired or not Supabase's. A session that was ended
 * since reads as well until its token expires.
 * Throws SupabaseAwayError when the keys cannot be read.
 */
export async function readSessionToken(url: string, token: string): Promise<Person | null> {
  try {
    const { payload } = await jwtVerify(token, keySetOf(url), {
      issuer: `${url}/auth/v1`,
      audience: 'authenticated',
      algorithms: ['ES256', 'RS256'],
      requiredClaims: ['exp', 'iat'],
    })
    const read = claims.safeParse(payload)
    if (!read.success) return null
    const { sub, session_id, email, amr } = read.data
    const proofs = amr.filter(({ method }) => method !== 'token_refresh')
    const signedInUs = (Math.max(0, ...proofs.map(({ timestamp }) => timestamp)) * 1e6) as Micros
    return { personId: sub, sessionId: session_id, email, signedInUs }
  } catch (error) {
    if (isRefusal(error)) return null
    throw new SupabaseAwayError('the keys cannot be read', { cause: error })
  }
}

/** Whether the token is at fault, not the way to the keys. */
function isRefusal(error: unknown): boolean {
  const away = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
  return error instanceof errors.JOSEError && !away && error.code !== 'ERR_JOSE_GENERIC'
}

function keySetOf(url: string): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(url)
  if (known !== undefined) return known
  if (keySets.size >= MOST_KEY_SETS) keySets.clear()
  const keys = createRemoteJWKSet(new URL(`${url}/auth/v1/.well-known/jwks.json`), {
    timeoutDuration: 3000,
  })
  keySets.set(url, keys)
  return keys
}
