import type { OpenAPIHono } from '@hono/zod-openapi'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import { linkFields } from '../../people/confirm-route.ts'
import { CONFIRM_PATH, LinkButton, type MailedLink } from '../link-button.tsx'
import { forgetMailed, wantedNext } from '../mailed.ts'
import { ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { SignOutButton } from '../sign-out-button.tsx'
import { sitePath } from '../site-path.ts'
import { whoLooks } from '../who.ts'
import { answerLost, answerUnconfirmed, NOT_WHOLE } from './unconfirmed.tsx'

/** `/auth/confirm`, where the links in mails lead: a page with a button, as programs follow links too, and what comes of it. */
export function addConfirmPage(app: OpenAPIHono<App>): void {
  sitePath(app, CONFIRM_PATH, 'GET', 'POST')
  app.get(CONFIRM_PATH, async (c) => {
    const { token_hash, type, next } = c.req.query()
    const link = linkFields.safeParse({ token_hash, type, next })
    if (!link.success) return answerLost(c, NOT_WHOLE, 422)
    const who = await whoLooks(c)
    const signedIn = who.kind === 'somebody' ? who : null
    const isReset = link.data.type === 'recovery'
    const body = <Press link={link.data} signedIn={signedIn} isReset={isReset} />
    return answerPage(c, { title: isReset ? 'Choose a new password' : 'Sign in', body })
  })
  app.post(CONFIRM_PATH, async (c) => {
    const { token_hash = '', type = '', next } = await readForm(c)
    const link = { token_hash, type, next: returnPath(next, '') || wantedNext(c) }
    const answer = await ownCall(c, CONFIRM_PATH, link)
    if (!answer.ok) return answerUnconfirmed(c, answer.error, link)
    forgetMailed(c)
    return c.redirect(String(answer.data['next']), 303)
  })
}

type PressProps = {
  readonly link: MailedLink
  readonly signedIn: { readonly email: string; readonly csrf: string } | null
  readonly isReset: boolean
}

function Press({ link, signedIn, isReset }: PressProps) {
  return (
    <div class="narrow">
      <h1>{isReset ? 'Choose a new password' : 'Sign in to KalshiBook'}</h1>
      <p>
        {isReset
          ? 'The link that we mailed signs you in and leads to a new password.'
          : 'The link that we mailed signs you in with this browser.'}{' '}
        It is good once.
      </p>
      <LinkButton link={link}>{isReset ? 'Go on' : 'Sign in'}</LinkButton>
      {signedIn === null ? (
        <p class="quiet">
          You did not ask for it? Then close this page: the link does nothing by itself.
        </p>
      ) : (
        <div class="note">
          <p>
            This browser is signed in as <b>{signedIn.email}</b>. If the link is for another
            address, sign out first and open it again.
          </p>
          <SignOutButton csrf={signedIn.csrf} />
        </div>
      )}
    </div>
  )
}
