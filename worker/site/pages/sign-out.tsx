import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { ownWord } from '../../people/own-word.ts'
import { ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { refusalStatus } from '../say-refusal.ts'
import { SignOutButton } from '../sign-out-button.tsx'
import { sitePath } from '../site-path.ts'
import { whoLooks } from '../who.ts'

/** `/sign-out`: by a button, and the page after. */
export function addSignOutPage(app: OpenAPIHono<App>): void {
  sitePath(app, '/sign-out', 'GET', 'POST')
  app.get('/sign-out', async (c) => {
    const who = await whoLooks(c)
    if (who.kind === 'somebody') {
      const body = <StillIn email={who.email} csrf={who.csrf} />
      return answerPage(c, { title: 'Sign out', body })
    }
    if (who.kind === 'away') {
      const body = <StillIn email={null} csrf={await ownWord(c)} />
      return answerPage(c, { title: 'Sign out', body })
    }
    const body = <SignedOut told={c.req.query('told') !== 'no'} />
    return answerPage(c, { title: 'Signed out', body })
  })
  app.post('/sign-out', async (c) => {
    const { csrf_token = '' } = await readForm(c)
    const answer = await ownCall(c, '/auth/sign-out', {}, csrf_token)
    if (answer.ok) {
      return c.redirect(answer.data['ended'] === false ? '/sign-out?told=no' : '/sign-out', 303)
    }
    return answerPage(
      c,
      { title: 'Not signed out', body: <NotOurs /> },
      refusalStatus(c, answer.error),
    )
  })
}

function SignedOut({ told }: { readonly told: boolean }) {
  return (
    <div class="narrow">
      <h1>You are signed out</h1>
      <p>Your session in this browser is over. API keys work on.</p>
      {told ? null : (
        <p class="note warn">
          The sign-in service could not be told. If somebody may have copied your session, sign in
          later and choose a new password: that ends all your other sessions.
        </p>
      )}
      <p class="line">
        <a class="button" href="/login">
          Sign in
        </a>
        <a href="/">KalshiBook</a>
      </p>
    </div>
  )
}

/** @param props.email null when nobody can say now whose session it is; it can be left all the same */
function StillIn({ email, csrf }: { readonly email: string | null; readonly csrf: string }) {
  return (
    <div class="narrow">
      <h1>Sign out</h1>
      <p>
        {email === null ? (
          'The sign-in service cannot be reached now. This browser can forget your session all the same.'
        ) : (
          <>
            You are signed in as <b>{email}</b>. API keys work on when you sign out.
          </>
        )}
      </p>
      <SignOutButton csrf={csrf} />
    </div>
  )
}

function NotOurs() {
  return (
    <div class="narrow">
      <h1>You are still signed in</h1>
      <p>That request did not come from a page of this session. Sign out from here instead.</p>
      <p>
        <a class="button" href="/sign-out">
          Go to sign-out
        </a>
      </p>
    </div>
  )
}
