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
import { until } from './even-time.ts'
import { noteKnownBrowser } from './known-browser.ts'
import { csrfToken } from './own-pages.ts'
import { isOwnSignUp } from './own-sign-up.ts'
import { setSessionCookies } from './session-cookies.ts'
import { readSessionToken } from './session-token.ts'
import { setPassword } from './set-password.ts'
import { AWAY, signedIn, UNCONFIGURED } from './signed-in.ts'
import { askSupabase, SupabaseAwayError, supabaseOf } from './supabase.ts'
import { refusalOf } from './supabase-fault.ts'
import { emailField, visitorCall } from './visitor-call.ts'

const given = z.object({
  email: emailField,
  password: z.string('must be text').min(1, 'is needed').max(1000, 'is too long'),
})

const link = z.object({
  token_hash: z.string().min(16).max(256),
  type: z.enum(['email', 'signup', 'magiclink', 'recovery']),
})

const WRONG: ApiError = {
  code: 'unauthorized',
  message: 'this address and this password do not belong together',
}
/** Told to who knows the password alone. */
const UNCONFIRMED: ApiError = {
  code: 'forbidden',
  param: 'email',
  message: 'the address is not confirmed: follow the link that was mailed, or sign up again',
}
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

/** `POST /auth/sign-in` by password, and `GET /auth/confirm`, where the links in mails lead. */
export function addSignInRoutes(app: OpenAPIHono<App>): void {
  app.post('/auth/sign-in', signIn)
  app.get('/auth/confirm', confirm)
}

async function signIn(c: Context<App>): Promise<Response> {
  const call = await visitorCall(c, 'sign_in', given)
  if (!call.ok) return refuse(c, call.error)
  const secret = settingsOf(c.env).SESSION_SECRET_V1
  if (secret === null) return refuse(c, UNCONFIGURED)
  const { fields, supabase, as } = call
  const began = Date.now()
  try {
    const { data, error } = await askSupabase(supabase, as, (auth) =>
      auth.signInWithPassword(fields),
    )
    if (error !== null) {
      await until(c, began)
      return refuse(c, signInFault(error))
    }
    const person = await readSessionToken(supabase.url, data.session.access_token)
    if (person === null) return refuse(c, AWAY)
    setSessionCookies(c, data.session)
    await noteKnownBrowser(c, secret, fields.email)
    const csrf_token = await csrfToken(secret, person.sessionId)
    return answerPerson(c, { signed_in: true, email: person.email, csrf_token })
  } catch (error) {
    if (error instanceof SupabaseAwayError) return refuse(c, AWAY)
    throw error
  }
}

function signInFault(error: AuthError): ApiError {
  if (error.code === 'email_not_confirmed') return UNCONFIRMED
  const wrong = ['invalid_credentials', 'validation_failed', 'user_banned', 'user_not_found']
  return wrong.includes(error.code ?? '') ? WRONG : refusalOf(error)
}

/**
 * A link is good once: it begins a session, and leads on to a page of ours. Where a person is new and their password may be
 * somebody else's, it is none any more, and they choose another.
 */
async function confirm(c: Context<App>): Promise<Response> {
  const settings = settingsOf(c.env)
  const supabase = supabaseOf(settings)
  const secret = settings.SESSION_SECRET_V1
  if (supabase === null || secret === null || settings.PUBLIC_URL === '') {
    return refuse(c, UNCONFIGURED)
  }
  const read = link.safeParse({ token_hash: c.req.query('token_hash'), type: c.req.query('type') })
  if (!read.success) {
    const param = String(read.error.issues[0]?.path[0] ?? 'token_hash')
    return refuse(c, { code: 'invalid_param', param, message: 'this link is not whole' })
  }
  const over = await tooMany(c, 'confirm', null)
  if (over !== null) return refuse(c, over)
  let session: Session | null
  let isForgotten = false
  try {
    const verified = await askSupabase(supabase, { address: clientAddress(c) }, (auth) =>
      auth.verifyOtp(read.data),
    )
    if (verified.error !== null) return refuse(c, linkFault(verified.error))
    session = verified.data.session
    if (session === null) return refuse(c, USED_UP)
    const { user } = session
    const who = await signedIn(c)
    if (who.ok && who.person.personId !== user.id) return refuse(c, SOMEBODY_ELSE)
    if (!(await isOwnSignUp(c, secret, user)) && (await isNew(c, user.id))) {
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
  const chooses = isForgotten || read.data.type === 'recovery'
  const next = isForgotten ? undefined : c.req.query('next')
  const path = returnPath(next, chooses ? '/account/password' : '/account')
  return c.redirect(new URL(path, settings.PUBLIC_URL).href, 303)
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
