import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { PLANS } from '#core/plan'
import type { App } from '../../context.ts'
import { EmailField } from '../email-field.tsx'
import { type Attempted, FormFault } from '../form-fields.tsx'
import { noteMailed } from '../mailed.ts'
import { NewPasswordField } from '../new-password-field.tsx'
import { ownCall } from '../own-call.ts'
import { answerPage, type PageStatus } from '../page.tsx'
import { printCount } from '../print-count.ts'
import { readForm } from '../read-form.ts'
import { refusalStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'
import { whoLooks } from '../who.ts'

const DAY_US = 86_400_000_000

/** `/signup`: an address and a password, and a mail goes out. */
export function addSignUpPage(app: OpenAPIHono<App>): void {
  sitePath(app, '/signup', 'GET', 'POST')
  app.get('/signup', async (c) => {
    const who = await whoLooks(c)
    return who.kind === 'somebody' ? c.redirect('/dashboard', 303) : answerForm(c, null)
  })
  app.post('/signup', async (c) => {
    const { email = '', password = '' } = await readForm(c)
    const answer = await ownCall(c, '/auth/sign-up', { email, password })
    if (!answer.ok) {
      const { error } = answer
      return answerForm(c, { typed: { email }, error }, refusalStatus(c, error))
    }
    noteMailed(c, email, '')
    return c.redirect('/signup/sent', 303)
  })
}

function answerForm(c: Context<App>, attempted: Attempted, status?: PageStatus) {
  const title = 'Get a key'
  const description = 'Sign up for KalshiBook: an address, a password, and your first API key.'
  return answerPage(c, { title, description, body: <SignUpForm attempted={attempted} /> }, status)
}

function SignUpForm({ attempted }: { readonly attempted: Attempted }) {
  const { credits, historyUs, streams } = PLANS.free
  const days = historyUs === null ? 'the whole record' : `the last ${historyUs / DAY_US} days`
  return (
    <div class="narrow">
      <h1>Get a key</h1>
      <p class="quiet">
        Free: {printCount(credits)} credits a month, {days}, and a live stream of {streams.markets}{' '}
        markets. No card is asked for.
      </p>
      <FormFault attempted={attempted} fields={['email', 'password']} />
      <form method="post" action="/signup" class="card">
        <EmailField attempted={attempted} />
        <NewPasswordField label="Password" attempted={attempted} />
        <button type="submit">Sign up</button>
      </form>
      <p>
        You have an account? <a href="/login">Sign in</a>
      </p>
    </div>
  )
}
