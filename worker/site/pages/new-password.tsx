import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import { type Attempted, Csrf, FormFault } from '../form-fields.tsx'
import { NewPasswordField } from '../new-password-field.tsx'
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
    const next = returnPath(c.req.query('next'), '/dashboard')
    return answerForm(c, { who, next, first: c.req.query('first') === '1', attempted: null })
  })
  app.post(PATH, async (c) => {
    const { password = '', csrf_token = '', next: wanted, first } = await readForm(c)
    const next = returnPath(wanted, '/dashboard')
    const answer = await ownCall(c, '/auth/password', { password }, csrf_token)
    if (answer.ok) {
      const changed = `${PATH}/changed?${new URLSearchParams({ next })}`
      return c.redirect(first === '1' ? next : changed, 303)
    }
    const { error } = answer
    const again = signInAgain(c, error, PATH)
    if (again !== null) return again
    const who = await personOr(c, PATH)
    if (who instanceof Response) return who
    const attempted = { typed: {}, error }
    const props = { who, next, first: first === '1', attempted }
    return answerForm(c, props, refusalStatus(c, error))
  })
  sitePath(app, `${PATH}/changed`)
  app.get(`${PATH}/changed`, (c) => {
    const body = <Changed next={returnPath(c.req.query('next'), '/dashboard')} />
    return answerPage(c, { title: 'Your password is set', body })
  })
}

function answerForm(c: Context<App>, props: PasswordFormProps, status?: PageStatus) {
  const body = <PasswordForm {...props} />
  return answerPage(c, { title: 'Choose a password', body }, status)
}

type PasswordFormProps = {
  readonly who: SignedIn
  readonly next: string
  /** It comes after a first link: the password of the sign-up may be somebody else’s, and is none. */
  readonly first: boolean
  readonly attempted: Attempted
}

function PasswordForm({ who, next, first, attempted }: PasswordFormProps) {
  return (
    <div class="narrow">
      <h1>Choose a password</h1>
      <p>
        You are signed in as <b>{who.email}</b>.{' '}
        {first
          ? 'No password opens this account yet: one that was typed in another browser may be a stranger’s, and does not count.'
          : 'A new password ends every other session of yours.'}
      </p>
      <FormFault attempted={attempted} fields={['password']} />
      <form method="post" action={PATH} class="card">
        <Csrf csrf={who.csrf} />
        <input type="hidden" name="next" value={next} />
        {first ? <input type="hidden" name="first" value="1" /> : null}
        <input type="hidden" name="username" value={who.email} autocomplete="username" />
        <NewPasswordField label="New password" attempted={attempted} />
        <button type="submit">Set the password</button>
      </form>
      <p>
        <a href={next}>{first ? 'Go on without a password' : 'Leave it as it is'}</a>{' '}
        <span class="quiet">A link in a mail signs you in as well.</span>
      </p>
    </div>
  )
}

function Changed({ next }: { readonly next: string }) {
  return (
    <div class="narrow">
      <h1>Your password is set</h1>
      <p>
        Your other sessions are over: they can change nothing from now on, and see nothing after an
        hour. API keys work on.
      </p>
      <p>
        <a class="button" href={next}>
          Go on
        </a>
      </p>
    </div>
  )
}
