import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { normalAddress } from '#core/normal-address'
import type { App } from '../context.ts'
import { hmac, printBase64Url, sameSecret } from '../hmac.ts'
import { COOKIE_TERMS } from './session-cookies.ts'

const COOKIE = '__Host-kb_known'
const NAME_BYTES = 12
/** Half a year, s. */
const KEPT_S = 180 * 86_400

/** Has the browser remember that an address signed in with it: strangers' tries for that address are not counted for it. */
export async function noteKnownBrowser(
  c: Context<App>,
  secret: string,
  email: string,
): Promise<void> {
  // What has failed with it stays counted.
  if ((await knownBrowser(c, secret, email)) !== null) return
  const name = printBase64Url(crypto.getRandomValues(new Uint8Array(NAME_BYTES)))
  setCookie(c, COOKIE, `${name}.${await wordOf(secret, name, email)}`, {
    ...COOKIE_TERMS,
    maxAge: KEPT_S,
  })
}

/** The name that we gave to a browser with which an address has signed in before; null for any other browser. */
export async function knownBrowser(
  c: Context<App>,
  secret: string,
  email: string,
): Promise<string | null> {
  const cookie = getCookie(c, COOKIE) ?? ''
  const [, name = '', word = ''] = /^([\w-]{16})\.([\w-]{43})$/.exec(cookie) ?? []
  return (await sameSecret(word, await wordOf(secret, name, email))) ? name : null
}

async function wordOf(secret: string, name: string, email: string): Promise<string> {
  return printBase64Url(await hmac(secret, `known ${name} ${normalAddress(email)}`))
}
