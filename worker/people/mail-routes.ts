import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AuthError } from '@supabase/supabase-js'
import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiError } from '#core/api-error'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { refuse } from '../refuse.ts'
import { answerPerson } from './answer-person.ts'
import { evenTime } from './even-time.ts'
import { noteSignUp } from './own-sign-up.ts'
import { AWAY, UNCONFIGURED } from './signed-in.ts'
import { askSupabase, SupabaseAwayError } from './supabase.ts'
import { justMailed, refusalOf } from './supabase-fault.ts'
import { emailField, newPasswordField, visitorCall } from './visitor-call.ts'

type Auth = Parameters<Parameters<typeof askSupabase>[2]>[0]
type Mailing = { readonly email: string; readonly password?: string }

const named = z.object({ email: emailField })
const chosen = z.object({ email: emailField, password: newPasswordField })

/**
 * `POST /auth/sign-up`, `/auth/magic-link` and `/auth/reset`: each has a mail sent, and answers the same, after the same
 * time, whether somebody has the address or not.
 */
export function addMailRoutes(app: OpenAPIHono<App>): void {
  app.post('/auth/sign-up', (c) =>
    mail(
      c,
      chosen,
      (auth, { email, password = '' }) => auth.signUp({ email, password }),
      (secret, { email }, atMs) => noteSignUp(c, secret, email, atMs),
    ),
  )
  app.post('/auth/magic-link', (c) =>
    mail(c, named, (auth, { email }) => auth.signInWithOtp({ email })),
  )
  app.post('/auth/reset', (c) =>
    mail(c, named, (auth, { email }) => auth.resetPasswordForEmail(email)),
  )
}

async function mail<Schema extends z.ZodType<Mailing>>(
  c: Context<App>,
  schema: Schema,
  send: (auth: Auth, fields: Mailing) => Promise<{ error: AuthError | null }>,
  sent: (secret: string, fields: Mailing, atMs: number) => Promise<void> = async () => {},
): Promise<Response> {
  const call = await visitorCall(c, 'mail', schema)
  if (!call.ok) return refuse(c, call.error)
  const secret = settingsOf(c.env).SESSION_SECRET_V1
  if (secret === null) return refuse(c, UNCONFIGURED)
  const { fields, supabase, as } = call
  const atMs = Date.now()
  const asked = askSupabase(supabase, as, (auth) => send(auth, fields))
  try {
    const fault = await evenTime(c, asked.then(faultOf, unhanded), null, () => noteUnsent('away'))
    if (fault !== null) return refuse(c, fault)
    await sent(secret, fields, atMs)
    return answerPerson(c, { mailed: true })
  } catch (error) {
    if (error instanceof SupabaseAwayError) return refuse(c, AWAY)
    throw error
  }
}

/** Where nothing but mails that were sent can be told apart from others, they are not: the operator is told instead. */
function faultOf({ error }: { readonly error: AuthError | null }): ApiError | null {
  if (error === null || justMailed(error)) return null
  // A project that asks for no confirmation says the latter two; ours does, and says nothing.
  const masked = ['over_email_send_rate_limit', 'user_already_exists', 'email_exists']
  if (!masked.includes(error.code ?? '')) return refusalOf(error)
  noteUnsent(error.code ?? '')
  return null
}

/** Only where there is somebody to be mailed can their mail fail: it is not told either. Throws what else went wrong. */
function unhanded(error: unknown): null {
  if (!(error instanceof SupabaseAwayError && error.tookIt)) throw error
  noteUnsent('failed')
  return null
}

function noteUnsent(why: string): void {
  console.warn(JSON.stringify({ event: 'mail_unsent', why }))
}
