import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { App } from '../context.ts'
import { hmac, printBase64Url, sameSecret } from '../hmac.ts'
import { COOKIE_TERMS } from './session-cookies.ts'

const COOKIE = '__Host-kb_sign_up'
/** Longer than a link in a mail is good, s. */
const KEPT_S = 86_400
/** By so much Supabase's clock may be behind ours, and so long it may take to make somebody, ms. */
const BEHIND_MS = 5000
const TAKES_MS = 60_000

/** Has the browser remember when it signed an address up, ms; whether anybody was made by that is not in it. */
export async function noteSignUp(
  c: Context<App>,
  secret: string,
  email: string,
  atMs: number,
): Promise<void> {
  setCookie(c, COOKIE, `${atMs}.${await wordOf(secret, atMs, email)}`, {
    ...COOKIE_TERMS,
    maxAge: KEPT_S,
  })
}

/**
 * Whether this browser's sign-up made a person, so that their password was chosen here. Supabase keeps the password of the
 * first sign-up of an address, whoever did it: a stranger's would open the account that the owner of the address confirms.
 * https://github.com/supabase/auth/blob/master/internal/api/signup.go
 */
export async function isOwnSignUp(
  c: Context<App>,
  secret: string,
  person: { readonly email?: string | undefined; readonly created_at: string },
): Promise<boolean> {
  const [, at = '', word = ''] = /^(\d{13})\.([\w-]{43})$/.exec(getCookie(c, COOKIE) ?? '') ?? []
  if (!(await sameSecret(word, await wordOf(secret, Number(at), person.email ?? '')))) return false
  const laterMs = Date.parse(person.created_at) - Number(at)
  return laterMs > -BEHIND_MS && laterMs < TAKES_MS
}

async function wordOf(secret: string, atMs: number, email: string): Promise<string> {
  return printBase64Url(await hmac(secret, `signed up ${atMs} ${email.toLowerCase()}`))
}
