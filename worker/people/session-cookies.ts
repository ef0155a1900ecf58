import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { App } from '../context.ts'

/** What a browser keeps of a session; no script can read it, and no other host, not even one below ours, can set it. */
export type SessionCookies = { readonly access: string | null; readonly refresh: string }

const ACCESS = '__Host-kb_access'
const REFRESH = '__Host-kb_refresh'
/** Far longer than Supabase's own word, which decides. */
const KEPT_S = 30 * 86_400
/** Longer ones are not Supabase's. */
const MOST = 6000
/** Of every cookie of ours. */
export const COOKIE_TERMS = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const

/** The session's cookies; null when there are none. */
export function readSessionCookies(c: Context<App>): SessionCookies | null {
  const access = getCookie(c, ACCESS)
  const refresh = getCookie(c, REFRESH)
  if (refresh === undefined || refresh === '' || refresh.length > MOST) return null
  return { access: access === undefined || access.length > MOST ? null : access, refresh }
}

/** Gives the browser a session to keep. */
export function setSessionCookies(
  c: Context<App>,
  session: { readonly access_token: string; readonly refresh_token: string },
): void {
  setCookie(c, ACCESS, session.access_token, { ...COOKIE_TERMS, maxAge: KEPT_S })
  setCookie(c, REFRESH, session.refresh_token, { ...COOKIE_TERMS, maxAge: KEPT_S })
}

/** Has the browser forget its session. */
export function clearSessionCookies(c: Context<App>): void {
  setCookie(c, ACCESS, '', { ...COOKIE_TERMS, maxAge: 0 })
  setCookie(c, REFRESH, '', { ...COOKIE_TERMS, maxAge: 0 })
}
