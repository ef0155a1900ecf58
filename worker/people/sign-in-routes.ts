import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AuthError, Session } from '@supabase/supabase-js'
import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiError } from '#core/api-error'
import { returnPath } from '#core/return-path'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { refuse } from '../refuse.ts'
import { answerPerson } from './answer-person.ts'
import { tooMany } from './attempts.ts'
import { until } from './even-time.ts'
import { csrfToken } from './own-pages.ts'
import { setSessionCookies } from './session-cookies.ts'
import { readSessionToken } from './session-token.ts'
import { AWAY, UNCONFIGURED } from './signed-in.ts'
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

/** A link is good once: it begins a session, and leads on to a page of ours. */
async function confirm(c: Context<App>): Promise<Response> {
  const settings = settingsOf(c.env)
  const supabase = supabaseOf(settings)
  if (supabase === null || settings.PUBLIC_URL === '') return refuse(c, UNCONFIGURED)
  const read = link.safeParse({ token_hash: c.req.query('token_hash'), type: c.req.query('type') })
  if (!read.success) {
    const param = String(read.error.issues[0]?.path[0] ?? 'token_hash')
    return refuse(c, { code: 'invalid_param', param, message: 'this link is not whole' })
  }
  const over = await tooMany(c, 'confirm', null)
  if (over !== null) return refuse(c, over)
  let session: Session | null
  try {
    const verified = await askSupabase(supabase, { address: clientAddress(c) }, (auth) =>
      auth.verifyOtp(read.data),
    )
    if (verified.error !== null) return refuse(c, linkFault(verified.error))
    session = verified.data.session
  } catch (error) {
    if (error instanceof SupabaseAwayError) return refuse(c, AWAY)
    throw error
  }
  if (session === null) return refuse(c, USED_UP)
  setSessionCookies(c, session)
  const otherwise = read.data.type === 'recovery' ? '/account/password' : '/account'
  const path = returnPath(c.req.query('next'), otherwise)
  return c.redirect(new URL(path, settings.PUBLIC_URL).href, 303)
}

function linkFault(error: AuthError): ApiError {
  return error.code === 'otp_expired' || error.status === 403 ? USED_UP : refusalOf(error)
}
