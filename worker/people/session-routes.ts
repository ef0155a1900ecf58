import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import { type Micros, printInstant } from '#core/instant'
import type { App } from '../context.ts'
import { refuse } from '../refuse.ts'
import { answerPerson } from './answer-person.ts'
import { csrfToken, foreignOrigin } from './own-pages.ts'
import { accountOf } from './person-account.ts'
import { parseFields } from './read-fields.ts'
import { FRESH_US, requirePerson } from './session.ts'
import { clearSessionCookies, readSessionCookies } from './session-cookies.ts'
import { setPassword } from './set-password.ts'
import { AWAY, SIGNED_OUT, signedIn } from './signed-in.ts'
import { askSupabase, SupabaseAwayError } from './supabase.ts'
import { refusalOf } from './supabase-fault.ts'
import { newPasswordField } from './visitor-call.ts'

const chosen = z.object({ password: newPasswordField })

/** `GET /account/session`, `POST /auth/password` and `POST /auth/sign-out`: what a session is and ends with. */
export function addSessionRoutes(app: OpenAPIHono<App>): void {
  app.get('/account/session', tellSession)
  app.post('/auth/password', newPassword)
  app.post('/auth/sign-out', signOut)
}

/** Who is signed in, and the CSRF token that their pages need; who cannot have an account yet is told why. */
async function tellSession(c: Context<App>): Promise<Response> {
  const found = await signedIn(c)
  if (!found.ok && found.error.code !== 'unauthorized') return refuse(c, found.error)
  if (!found.ok) return answerPerson(c, { signed_in: false })
  const account = await accountOf(c, found)
  if (!account.ok && account.error.code === 'unauthorized') {
    return answerPerson(c, { signed_in: false })
  }
  if (!account.ok && account.error.code !== 'rate_limited') return refuse(c, account.error)
  const { email, sessionId, signedInUs } = found.person
  return answerPerson(c, {
    signed_in: true,
    email,
    account_id: account.ok ? account.accountId : null,
    ...(account.ok ? {} : { account_refused: account.error.message }),
    signed_in_ts: printInstant(signedInUs),
    fresh_until_ts: printInstant((signedInUs + FRESH_US) as Micros),
    csrf_token: await csrfToken(found.sessionSecret, sessionId),
  })
}

/** A new password, of who has just signed in: by the old one, or by a link that was mailed. All other sessions end. */
async function newPassword(c: Context<App>): Promise<Response> {
  const found = await requirePerson(c, { fresh: true })
  if (!found.ok) return refuse(c, found.error)
  const parsed = await parseFields(c, chosen)
  if (!parsed.ok) return refuse(c, parsed.error)
  const { access, refresh, supabase } = found
  try {
    const session = { access_token: access, refresh_token: refresh }
    const error = await setPassword(supabase, session, parsed.fields.password)
    if (error !== null) return refuse(c, error.status === 403 ? SIGNED_OUT : refusalOf(error))
    return answerPerson(c, { changed: true })
  } catch (error) {
    if (error instanceof SupabaseAwayError) return refuse(c, AWAY)
    throw error
  }
}

/** Ends the session at Supabase, and in this browser even when Supabase cannot be told. */
async function signOut(c: Context<App>): Promise<Response> {
  const foreign = foreignOrigin(c)
  if (foreign !== null) return refuse(c, foreign)
  if (readSessionCookies(c) === null) return answerPerson(c, { signed_out: true, ended: true })
  const found = await requirePerson(c)
  if (!found.ok && found.error.code === 'forbidden') return refuse(c, found.error)
  const ended = found.ok ? await endSession(found) : found.error.code === 'unauthorized'
  clearSessionCookies(c)
  return answerPerson(c, { signed_out: true, ended })
}

async function endSession({
  supabase,
  access,
}: Pick<Extract<Awaited<ReturnType<typeof signedIn>>, { ok: true }>, 'supabase' | 'access'>) {
  try {
    const { error } = await askSupabase(supabase, 'person', (auth) =>
      auth.admin.signOut(access, 'local'),
    )
    return error === null
  } catch (error) {
    if (error instanceof SupabaseAwayError) return false
    throw error
  }
}
