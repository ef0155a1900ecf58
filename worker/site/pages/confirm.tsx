import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import { linkFields } from '../../people/confirm-route.ts'
import { MailForm } from '../mail-form.tsx'
import { forgetMailed, mailedTo, wantedNext } from '../mailed.ts'
import { type OwnError, ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { refusalStatus, saySentence, sayWait } from '../say-refusal.ts'
import { SignOutButton } from '../sign-out-button.tsx'
import { sitePath } from '../site-path.ts'
import { whoLooks } from '../who.ts'

const PATH = '/auth/confirm'

type Link = {
  readonly token_hash: string
  readonly type: string
  readonly next?: string | undefined
}

/** `/auth/confirm`, where the links in mails lead: a page with a button, as programs follow links too, and what comes of it. */
export function addConfirmPage(app: OpenAPIHono<App>): void {
  sitePath(app, PATH, 'GET', 'POST')
  app.get(PATH, async (c) => {
    const { token_hash, type, next } = c.req.query()
    const link = linkFields.safeParse({ token_hash, type, next })
    if (!link.success) return answerLost(c, NOT_WHOLE, 422)
    const who = await whoLooks(c)
    const signedIn = who.kind === 'somebody' ? who : null
    const isReset = link.data.type === 'recovery'
    const body = <Press link={link.data} signedIn={signedIn} isReset={isReset} />
    return answerPage(c, { title: isReset ? 'Choose a new password' : 'Sign in', body })
  })
  app.post(PATH, async (c) => {
    const { token_hash = '', type = '', next } = await readForm(c)
    const link = { token_hash, type, next: returnPath(next, '') || wantedNext(c) }
    const answer = await ownCall(c, PATH, link)
    if (!answer.ok) return answerFault(c, answer.error, link)
    forgetMailed(c)
    return c.redirect(String(answer.data['next']), 303)
  })
}

type PressProps = {
  readonly link: Link
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
        <p class="quiet">You did not ask for it? Then close this page: nothing has happened.</p>
      ) : (
        <div class="note">
          <p>
            This browser is signed in as <b>{signedIn.email}</b>. Is the link for another address,
            sign out first and open it again.
          </p>
          <SignOutButton csrf={signedIn.csrf} />
        </div>
      )}
    </div>
  )
}

function LinkButton({ link, children }: { readonly link: Link; readonly children: string }) {
  return (
    <form method="post" action={PATH} class="field">
      <input type="hidden" name="token_hash" value={link.token_hash} />
      <input type="hidden" name="type" value={link.type} />
      {link.next ? <input type="hidden" name="next" value={link.next} /> : null}
      <button type="submit">{children}</button>
    </form>
  )
}

async function answerFault(c: Context<App>, error: OwnError, link: Link): Promise<Response> {
  const status = refusalStatus(c, error)
  if (error.code === 'unauthorized') {
    return answerLost(c, link.type === 'recovery' ? USED_RESET : USED, status)
  }
  if (error.code === 'invalid_param') return answerLost(c, NOT_WHOLE, status)
  const who = error.param === 'session' ? await whoLooks(c) : null
  if (who?.kind === 'somebody') {
    const body = <SomebodyElse email={who.email} csrf={who.csrf} />
    return answerPage(c, { title: 'Somebody else is signed in', body }, status)
  }
  const body = <NotNow error={error} link={link} />
  return answerPage(c, { title: 'Not now', body }, status)
}

const NOT_WHOLE = {
  title: 'This link is not whole',
  text: 'Some programs cut links in two. Copy the whole link from the mail, or ask for another:',
  kind: 'signIn',
} as const
const USED = {
  title: 'This link is used or too old',
  text: 'A link is good for an hour, once, and a newer one replaces it. Ask for another:',
  kind: 'signIn',
} as const
const USED_RESET = { ...USED, kind: 'reset' } as const

async function answerLost(
  c: Context<App>,
  { title, text, kind }: typeof NOT_WHOLE | typeof USED | typeof USED_RESET,
  status: ReturnType<typeof refusalStatus>,
): Promise<Response> {
  const body = (
    <div class="narrow">
      <h1>{title}</h1>
      <p>{text}</p>
      <MailForm kind={kind} next={wantedNext(c)} email={mailedTo(c) ?? ''} />
      <p>
        <a href="/login">Sign in by password</a>
      </p>
    </div>
  )
  return answerPage(c, { title, body }, status)
}

function SomebodyElse({ email, csrf }: { readonly email: string; readonly csrf: string }) {
  return (
    <div class="narrow">
      <h1>Somebody else is signed in</h1>
      <p>
        This browser is signed in as <b>{email}</b>, and the link was for another address. It is
        used up now. You are still signed in as before.
      </p>
      <p>
        <a class="button" href="/dashboard">
          Stay signed in
        </a>
      </p>
      <p>To go on as the other, sign out and have another link mailed.</p>
      <SignOutButton csrf={csrf} />
    </div>
  )
}

function NotNow({ error, link }: { readonly error: OwnError; readonly link: Link }) {
  const { code, message, retryAfterMs, requestId } = error
  const isOurs = code === 'upstream_degraded' || code === 'internal'
  return (
    <div class="narrow">
      <h1>{isOurs ? 'Sign-in cannot be reached now' : 'Not now'}</h1>
      <p>
        {isOurs ? 'This is our fault. API keys work as ever.' : saySentence(message)} Try again in{' '}
        {sayWait(retryAfterMs ?? 10_000)}.
      </p>
      <LinkButton link={link}>Try again</LinkButton>
      <p>
        Is the link used by then, <a href="/login/link">have another mailed</a>.
      </p>
      <p class="quiet">
        How things are: <a href="/status">status</a>. Request <code>{requestId}</code>
      </p>
    </div>
  )
}
