import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import { type Attempted, Csrf, Field, FormFault } from '../form-fields.tsx'
import { ownCall } from '../own-call.ts'
import { answerPage, type PageStatus } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { personOr, type SignedIn, signInAgain, toSignIn } from '../require-person.tsx'
import { refusalStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'

const PATH = '/account/password'
/** So long (ms) before a session is too old nobody is asked to type a password into a form that would be refused. */
const EARLY_MS = 60_000

/** `/account/password`: after a link, a password is chosen, or left; and the page after. */
export function addNewPasswordPages(app: OpenAPIHono<App>): void {
  sitePath(app, PATH, 'GET', 'POST')
  app.get(PATH, async (c) => {
    const who = await personOr(c, PATH)
    if (who instanceof Response) return who
    if (who.freshUntilMs - Date.now() < EARLY_MS) return toSignIn(c, PATH, 'fresh')
    return answerForm(c, who, returnPath(c.req.query('next'), '/dashboard'), null)
  })
  app.post(PATH, async (c) => {
    const { password = '', csrf_token = '', next: wanted } = await readForm(c)
    const next = returnPath(wanted, '/dashboard')
    const answer = await ownCall(c, '/auth/password', { password }, csrf_token)
    if (answer.ok) {
      return c.redirect(`${PATH}/changed?${new URLSearchParams({ next })}`, 303)
    }
    const { error } = answer
    const again = signInAgain(c, error, PATH)
    if (again !== null) return again
    const who = await personOr(c, PATH)
    if (who instanceof Response) return who
    return answerForm(c, who, next, { typed: {}, error }, refusalStatus(c, error))
  })
  sitePath(app, `${PATH}/changed`)
  app.get(`${PATH}/changed`, (c) => {
    const body = <Changed next={returnPath(c.req.query('next'), '/dashboard')} />
    return answerPage(c, { title: 'Your password is set', body })
  })
}

function answerForm(
  c: Context<App>,
  who: SignedIn,
  next: string,
  attempted: Attempted,
  status?: PageStatus,
) {
  const body = <PasswordForm who={who} next={next} attempted={attempted} />
  return answerPage(c, { title: 'Choose a password', body, csrf: who.csrf }, status)
}

type PasswordFormProps = {
  readonly who: SignedIn
  readonly next: string
  readonly attempted: Attempted
}

function PasswordForm({ who, next, attempted }: PasswordFormProps) {
  return (
    <div class="narrow">
      <h1>Choose a password</h1>
      <p>
        You are signed in as <b>{who.email}</b>. A new password ends every other session of yours.
      </p>
      <FormFault attempted={attempted} fields={['password']} />
      <form method="post" action={PATH} class="card">
        <Csrf csrf={who.csrf} />
        <input type="hidden" name="next" value={next} />
        <input type="hidden" name="username" value={who.email} autocomplete="username" />
        <Field
          name="password"
          label="New password"
          type="password"
          autocomplete="new-password"
          minlength={8}
          required
          hint="8 characters or more."
          attempted={attempted}
        />
        <button type="submit">Set the password</button>
      </form>
      <p>
        <a href={next}>Not now</a>
      </p>
      <p class="quiet">
        You need none: a link in a mail signs you in as well. Did this page come after your first
        link, then no password opens your account until you choose one here.
      </p>
    </div>
  )
}

function Changed({ next }: { readonly next: string }) {
  return (
    <div class="narrow">
      <h1>Your password is set</h1>
      <p>Your other sessions are over. API keys work on.</p>
      <p>
        <a class="button" href={next}>
          Go on
        </a>
      </p>
    </div>
  )
}
