import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { returnPath } from '#core/return-path'
import type { App } from '../context.ts'
import { COOKIE_TERMS } from '../people/session-cookies.ts'

const ADDRESS = '__Host-kb_mailed'
const NEXT = '__Host-kb_next'
/** As long as a link in a mail is good, s. */
const KEPT_S = 3600
/** More than an address of mail has. */
const MOST = 254

/** Has the browser remember to which address it had a mail sent, and where its link should lead: no address of ours tells. */
export function noteMailed(c: Context<App>, email: string, next: string): void {
  const terms = { ...COOKIE_TERMS, maxAge: KEPT_S }
  setCookie(c, ADDRESS, email.trim().slice(0, MOST), terms)
  if (next === '') deleteCookie(c, NEXT, COOKIE_TERMS)
  else setCookie(c, NEXT, next, terms)
}

/** The address to which this browser had a mail sent within the hour; null when it had none. */
export function mailedTo(c: Context<App>): string | null {
  return getCookie(c, ADDRESS) || null
}

/** Where this browser wanted to go when it asked for a link; empty when nowhere. */
export function wantedNext(c: Context<App>): string {
  return returnPath(getCookie(c, NEXT), '')
}

/** Has the browser forget both: the link was followed. */
export function forgetMailed(c: Context<App>): void {
  deleteCookie(c, ADDRESS, COOKIE_TERMS)
  deleteCookie(c, NEXT, COOKIE_TERMS)
}
