import type { Context } from 'hono'
import type { App } from '../../context.ts'
import { LinkButton, type MailedLink } from '../link-button.tsx'
import { MailForm } from '../mail-form.tsx'
import { mailedTo, wantedNext } from '../mailed.ts'
import type { OwnError } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { refusalStatus, saySentence, sayWait } from '../say-refusal.ts'
import { SignOutButton } from '../sign-out-button.tsx'
import { whoLooks } from '../who.ts'

/** What is shown when the button of a mailed link was refused: why, and what to do next. */
export async function answerUnconfirmed(
  c: Context<App>,
  error: OwnError,
  link: MailedLink,
): Promise<Response> {
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

/** A link of which a part is missing. */
export const NOT_WHOLE = {
  title: 'This link is not whole',
  text: 'Some programs cut links in two. Copy the whole link from the mail.',
  kind: 'signIn',
} as const
const USED = {
  title: 'This link is used or too old',
  text: 'A link is good for an hour, once, and a newer one replaces it.',
  kind: 'signIn',
} as const
const USED_RESET = { ...USED, kind: 'reset' } as const

/** A link that leads nowhere: another can be asked for right there. */
export async function answerLost(
  c: Context<App>,
  { title, text, kind }: typeof NOT_WHOLE | typeof USED | typeof USED_RESET,
  status: ReturnType<typeof refusalStatus>,
): Promise<Response> {
  const who = await whoLooks(c)
  const email = who.kind === 'somebody' ? who.email : null
  const asks = email === null || kind === 'reset'
  const body = (
    <div class="narrow">
      <h1>{title}</h1>
      <p>{text}</p>
      {email === null ? null : <SignedInAlready email={email} />}
      {asks ? <p>Ask for another:</p> : null}
      {asks ? (
        <MailForm kind={kind} next={wantedNext(c)} email={mailedTo(c) ?? email ?? ''} />
      ) : null}
      {email === null ? (
        <p>
          <a href="/login">Sign in by password</a>
        </p>
      ) : null}
    </div>
  )
  return answerPage(c, { title, body }, status)
}

function SignedInAlready({ email }: { readonly email: string }) {
  return (
    <div class="note">
      <p>
        You are signed in as <b>{email}</b> already.
      </p>
      <p>
        <a class="button" href="/dashboard">
          Go to the dashboard
        </a>
      </p>
    </div>
  )
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

function NotNow({ error, link }: { readonly error: OwnError; readonly link: MailedLink }) {
  const { code, message, retryAfterMs, requestId } = error
  const isOurs = code === 'upstream_degraded' || code === 'internal'
  return (
    <div class="narrow">
      <h1>{isOurs ? 'Sign-in cannot be reached now' : 'Not now'}</h1>
      <p>
        {isOurs ? 'This is our fault. API keys need no sign-in.' : saySentence(message)} Try again
        in {sayWait(retryAfterMs ?? 10_000)}.
      </p>
      <LinkButton link={link}>Try again</LinkButton>
      <p>
        If the link is used by then, <a href="/login/link">have another mailed</a>.
      </p>
      <p class="quiet">
        How things are: <a href="/status">status</a>. Request <code>{requestId}</code>
      </p>
    </div>
  )
}
