import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { readSessionCookies, setSessionCookies } from './session-cookies.ts'
import { type Person, readSessionToken } from './session-token.ts'
import { askSupabase, type Supabase, SupabaseAwayError, supabaseOf } from './supabase.ts'

/** Somebody who is signed in, and what is needed to speak to Supabase for them. */
export type SignedIn =
  | {
      readonly ok: true
      readonly person: Person
      readonly supabase: Supabase
      readonly sessionSecret: string
      readonly access: string
      readonly refresh: string
    }
  | { readonly ok: false; readonly error: ApiError }

export const UNCONFIGURED: ApiError = {
  code: 'upstream_degraded',
  message: 'nobody can sign in here: Supabase Auth is not configured',
}
export const AWAY: ApiError = {
  code: 'upstream_degraded',
  message: 'sign-in cannot be reached now; API keys work as ever',
}
export const SIGNED_OUT: ApiError = { code: 'unauthorized', message: 'sign in first' }

/** One answer for each request, however often it is asked: a refresh token is used once. */
const found = new WeakMap<Request, Promise<SignedIn>>()

/** Who is signed in, by the cookies; an expired session is refreshed. Says nothing of who wrote the request. */
export function signedIn(c: Context<App>): Promise<SignedIn> {
  const known = found.get(c.req.raw)
  if (known !== undefined) return known
  const finding = findSignedIn(c).catch((error: unknown): SignedIn => {
    if (error instanceof SupabaseAwayError) return { ok: false, error: AWAY }
    throw error
  })
  found.set(c.req.raw, finding)
  return finding
}

async function findSignedIn(c: Context<App>): Promise<SignedIn> {
  const settings = settingsOf(c.env)
  const supabase = supabaseOf(settings)
  const sessionSecret = settings.SESSION_SECRET_V1
  if (supabase === null || sessionSecret === null) return { ok: false, error: UNCONFIGURED }
  const cookies = readSessionCookies(c)
  if (cookies === null) return { ok: false, error: SIGNED_OUT }
  const { access, refresh } = cookies
  const person = access === null ? null : await readSessionToken(supabase.url, access)
  if (access !== null && person !== null) {
    return { ok: true, person, supabase, sessionSecret, access, refresh }
  }
  // Expired, or signed by a key that is withdrawn: the refresh token is proof enough by itself.
  return refreshed(c, supabase, sessionSecret, refresh)
}

/**
 * Cookies that were refused are left as they are: beside this request another may just have been given new ones, and to
 * clear them would sign the customer out.
 */
async function refreshed(
  c: Context<App>,
  supabase: Supabase,
  sessionSecret: string,
  refresh: string,
): Promise<SignedIn> {
  const as = { address: clientAddress(c) }
  const { data, error } = await askSupabase(supabase, as, (auth) =>
    auth.refreshSession({ refresh_token: refresh }),
  )
  // Too many at once, or another is renewing this session at this moment.
  if (error?.status === 429 || error?.status === 409) return { ok: false, error: AWAY }
  if (data.session === null) return { ok: false, error: SIGNED_OUT }
  const person = await readSessionToken(supabase.url, data.session.access_token)
  if (person === null) return { ok: false, error: SIGNED_OUT }
  setSessionCookies(c, data.session)
  return {
    ok: true,
    person,
    supabase,
    sessionSecret,
    access: data.session.access_token,
    refresh: data.session.refresh_token,
  }
}

/** Has Supabase say now whether somebody is signed in: our own reading of their token outlives their sign-out. */
export async function vouchFor(who: SignedIn): Promise<SignedIn> {
  if (!who.ok) return who
  try {
    const { data, error } = await askSupabase(who.supabase, 'person', (auth) =>
      auth.getUser(who.access),
    )
    if (error?.status === 429) return { ok: false, error: AWAY }
    const confirmed = data.user?.id === who.person.personId && data.user.email_confirmed_at
    return confirmed ? who : { ok: false, error: SIGNED_OUT }
  } catch (error) {
    if (error instanceof SupabaseAwayError) return { ok: false, error: AWAY }
    throw error
  }
}
