import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AuthError } from '@supabase/supabase-js'
import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiError } from '#core/api-error'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { refuse } from '../refuse.ts'
import { answerPerson } from './answer-person.ts'
import { until } from './even-time.ts'
import { noteKnownBrowser } from './known-browser.ts'
import { csrfToken } from './own-pages.ts'
import { setSessionCookies } from './session-cookies.ts'
import { readSessionToken } from './session-token.ts'
import { AWAY, UNCONFIGURED } from './signed-in.ts'
import { askSupabase, SupabaseAwayError } from './supabase.ts'
import { refusalOf } from './supabase-fault.ts'
import { emailField, visitorCall } from './visitor-call.ts'

const given = z.object({
  email: emailField,
  password: z.string('must be text').min(1, 'is needed').max(1000, 'is too long'),
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
/** `POST /auth/sign-in`, by password. */
export function addSignInRoute(app: OpenAPIHono<App>): void {
  app.post('/auth/sign-in', signIn)
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
