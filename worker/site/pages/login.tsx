import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import { EmailField } from '../email-field.tsx'
import { type Attempted, Field, FormFault } from '../form-fields.tsx'
import { type OwnError, ownCall } from '../own-call.ts'
import { answerPage, type PageStatus } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { SIGN_IN_REASONS, type SignInReason } from '../require-person.tsx'
import { refusalStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'
import { whoLooks } from '../who.ts'

/** Why a page of ours sent here. */
const WHY: Readonly<Record<SignInReason, string>> = {
  needed: 'Sign in to see this page. You are led back to it.',
  ended: 'Your session is over. Sign in, and you are back where you were.',
  fresh:
    'This needs a sign-in of the last 10 minutes: it is about keys, money or your password. Sign in once more, and you are back where you were.',
}

type LoginProps = {
  readonly next: string
  readonly why: SignInReason | null
  readonly email: string
  readonly attempted: Attempted
}

/** `/login`: by password, or by a link that is mailed. */
export function addLoginPage(app: OpenAPIHono<App>): void {
  sitePath(app, '/login', 'GET', 'POST')
  app.get('/login', async (c) => {
    const next = returnPath(c.req.query('next'), '')
    const why = SIGN_IN_REASONS.find((reason) => reason === c.req.query('why')) ?? null
    const who = await whoLooks(c)
    const email = who.kind === 'somebody' ? who.email : ''
    if (email !== '' && why === null) return c.redirect(next || '/dashboard', 303)
    return answerForm(c, { next, why, email, attempted: null })
  })
  app.post('/login', async (c) => {
    const { email = '', password = '', next: wanted } = await readForm(c)
    const next = returnPath(wanted, '')
    const answer = await ownCall(c, '/auth/sign-in', { email, password })
    if (answer.ok) return c.redirect(next || '/dashboard', 303)
    const attempted = { typed: { email }, error: besideField(answer.error) }
    const status = refusalStatus(c, answer.error)
    return answerForm(c, { next, why: null, email: '', attempted }, status)
  })
}

/** Which of the two is wrong nobody is told; what was typed last is looked at again first. */
function besideField(error: OwnError): OwnError {
  return error.code === 'unauthorized' ? { ...error, param: 'password' } : error
}

function answerForm(c: Context<App>, props: LoginProps, status?: PageStatus) {
  const description = 'Sign in to KalshiBook: your keys, usage, plan and invoices.'
  return answerPage(c, { title: 'Sign in', description, body: <LoginForm {...props} /> }, status)
}

function LoginForm({ next, why, email, attempted }: LoginProps) {
  return (
    <div class="narrow">
      <h1>Sign in</h1>
      {why === null ? null : <p class="note">{WHY[why]}</p>}
      <FormFault attempted={attempted} fields={['email', 'password']} />
      <form method="post" action="/login" class="card">
        <input type="hidden" name="next" value={next} />
        <EmailField value={email} attempted={attempted} />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="current-password"
          required
          attempted={attempted}
        />
        <div class="line">
          <button type="submit">Sign in</button>
          <button type="submit" class="second" formaction="/login/link" formnovalidate>
            Mail me a link instead
          </button>
        </div>
      </form>
      <p class="line">
        <a href="/reset">Forgot your password?</a>
        <a href="/signup">No account yet?</a>
      </p>
    </div>
  )
}
