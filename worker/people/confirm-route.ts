import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AuthError, Session } from '@supabase/supabase-js'
import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiError } from '#core/api-error'
import { returnPath } from '#core/return-path'
import { clientAddress } from '../client-address.ts'
import { type App, readAccounts } from '../context.ts'
import { settingsOf } from '../env.ts'
import { printBase64Url } from '../hmac.ts'
import { refuse } from '../refuse.ts'
import { findPersonAccount } from '../store/person-account.ts'
import { answerPerson } from './answer-person.ts'
import { tooMany } from './attempts.ts'
import { noteKnownBrowser } from './known-browser.ts'
import { foreignOrigin } from './own-pages.ts'
import { isOwnSignUp } from './own-sign-up.ts'
import { isForm, parseFields } from './read-fields.ts'
import { setSessionCookies } from './session-cookies.ts'
import { setPassword } from './set-password.ts'
import { AWAY, signedIn, UNCONFIGURED } from './signed-in.ts'
import { askSupabase, SupabaseAwayError, supabaseOf } from './supabase.ts'
import { refusalOf } from './supabase-fault.ts'

const NOT_WHOLE = 'this link is not whole'

/** What a link in a mail holds. */
export const linkFields = z.object({
  token_hash: z.string(NOT_WHOLE).min(16, NOT_WHOLE).max(256, NOT_WHOLE),
  type: z.enum(['email', 'signup', 'magiclink', 'recovery'], NOT_WHOLE),
  next: z.string().optional(),
})
type Link = z.output<typeof linkFields>

const USED_UP: ApiError = {
  code: 'unauthorized',
  message: 'this link was used or is too old: ask for another',
}
/** A stranger's link would otherwise have whoever follows it go on in the stranger's account without a word. */
const SOMEBODY_ELSE: ApiError = {
  code: 'forbidden',
  param: 'session',
  message: 'somebody else is signed in with this browser: sign out, and ask for another link',
}
/** Where somebody goes who has no account yet: their first key is made there. */
const FIRST_PAGE = '/dashboard/keys?first=1'

/**
 * `POST /auth/confirm` with what a mailed link holds. The link itself leads to a page with a button, of the same address:
 * programs that look into mails follow links, and a link is good once. Forms and other methods are left to the page.
 */
export function addConfirmRoute(app: OpenAPIHono<App>): void {
  app.post('/auth/confirm', (c, next) => (isForm(c) ? next() : confirm(c)))
}

/**
 * A link begins a session, and leads on to a page of ours. Where a person is new and their password may be somebody else's,
 * it is none any more, and they may choose another.
 */
async function confirm(c: Context<App>): Promise<Response> {
  const settings = settingsOf(c.env)
  const supabase = supabaseOf(settings)
  const secret = settings.SESSION_SECRET_V1
  if (supabase === null || secret === null) return refuse(c, UNCONFIGURED)
  const foreign = foreignOrigin(c)
  if (foreign !== null) return refuse(c, foreign)
  const parsed = await parseFields(c, linkFields)
  if (!parsed.ok) return refuse(c, parsed.error)
  const { token_hash, type } = parsed.fields
  const over = await tooMany(c, 'confirm', null)
  if (over !== null) return refuse(c, over)
  let session: Session | null
  let isFirst: boolean
  let isForgotten = false
  try {
    const verified = await askSupabase(supabase, { address: clientAddress(c) }, (auth) =>
      auth.verifyOtp({ token_hash, type }),
    )
    if (verified.error !== null) return refuse(c, linkFault(verified.error))
    session = verified.data.session
    if (session === null) return refuse(c, USED_UP)
    const { user } = session
    const who = await signedIn(c)
    if (who.ok && who.person.personId !== user.id) return refuse(c, SOMEBODY_ELSE)
    isFirst = await isNew(c, user.id)
    if (isFirst && !(await isOwnSignUp(c, secret, user))) {
      const unset = await setPassword(supabase, session, nobodysPassword())
      if (unset !== null) return refuse(c, AWAY)
      isForgotten = true
    }
  } catch (error) {
    if (error instanceof SupabaseAwayError) return refuse(c, AWAY)
    throw error
  }
  setSessionCookies(c, session)
  await noteKnownBrowser(c, secret, session.user.email ?? '')
  const next = nextPage(parsed.fields, isFirst, isForgotten)
  return answerPerson(c, { signed_in: true, next })
}

/** Where a link leads on to; whoever may need a password passes the page where one is chosen. */
function nextPage({ type, next }: Link, isFirst: boolean, isForgotten: boolean): string {
  const after = isFirst ? FIRST_PAGE : returnPath(next, '/dashboard')
  if (!isForgotten && type !== 'recovery') return after
  const first: { first?: string } = isForgotten ? { first: '1' } : {}
  return `/account/password?${new URLSearchParams({ ...first, next: after })}`
}

/** Whether a person has no account yet. Throws DatabaseAwayError. */
async function isNew(c: Context<App>, personId: string): Promise<boolean> {
  return (await readAccounts(c, (sql) => findPersonAccount(sql, personId))) === null
}

/** A password that nobody knows; it has whatever sorts of characters a project may ask for. */
function nobodysPassword(): string {
  return `Aa1!${printBase64Url(crypto.getRandomValues(new Uint8Array(32)))}`
}

function linkFault(error: AuthError): ApiError {
  return error.code === 'otp_expired' || error.status === 403 ? USED_UP : refusalOf(error)
}
