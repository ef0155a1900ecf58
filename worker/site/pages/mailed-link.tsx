import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import type { Attempted } from '../form-fields.tsx'
import { type LinkKind, MailForm } from '../mail-form.tsx'
import { mailedTo, noteMailed } from '../mailed.ts'
import { ownCall } from '../own-call.ts'
import { answerPage, type PageStatus } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { refusalStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'

/** What each link is for, and the route that has it mailed. */
const LINKS = {
  signIn: {
    path: '/login/link',
    sentPath: '/login/sent',
    route: '/auth/magic-link',
    title: 'Have a link mailed',
    lead: 'A link in a mail signs you in. It needs no password.',
  },
  reset: {
    path: '/reset',
    sentPath: '/reset/sent',
    route: '/auth/reset',
    title: 'Choose a new password',
    lead: 'A link in a mail leads to the page where you choose one.',
  },
} as const satisfies Record<LinkKind, unknown>

/** `/login/link` and `/reset`, which have a link mailed, and the pages after; they are the same whoever has the address. */
export function addMailedLinkPages(app: OpenAPIHono<App>): void {
  for (const kind of ['signIn', 'reset'] as const) {
    const { path, sentPath, route } = LINKS[kind]
    sitePath(app, path, 'GET', 'POST')
    app.get(path, (c) => answerForm(c, kind, returnPath(c.req.query('next'), ''), null))
    app.post(path, async (c) => {
      const { email = '', next: wanted } = await readForm(c)
      const next = returnPath(wanted, '')
      const answer = await ownCall(c, route, { email })
      if (!answer.ok) {
        const { error } = answer
        return answerForm(c, kind, next, { typed: { email }, error }, refusalStatus(c, error))
      }
      noteMailed(c, email, next)
      return c.redirect(sentPath, 303)
    })
    addSentPage(app, sentPath, kind)
  }
  addSentPage(app, '/signup/sent', 'signUp')
}

function answerForm(
  c: Context<App>,
  kind: LinkKind,
  next: string,
  attempted: Attempted,
  status?: PageStatus,
) {
  const { title, lead } = LINKS[kind]
  const body = (
    <div class="narrow">
      <h1>{title}</h1>
      <p>{lead}</p>
      <MailForm kind={kind} next={next} attempted={attempted} />
      <p class="line">
        <a href="/login">Sign in by password</a>
        <a href="/signup">No account yet?</a>
      </p>
    </div>
  )
  return answerPage(c, { title, body }, status)
}

function addSentPage(app: OpenAPIHono<App>, path: string, kind: LinkKind | 'signUp'): void {
  sitePath(app, path)
  app.get(path, (c) => {
    const title = 'Look into your mail'
    return answerPage(c, { title, body: <Sent kind={kind} email={mailedTo(c)} /> })
  })
}

type SentProps = { readonly kind: LinkKind | 'signUp'; readonly email: string | null }

/** Nothing here depends on whether somebody has the address. */
function Sent({ kind, email }: SentProps) {
  return (
    <div class="narrow">
      <h1>Look into your mail</h1>
      <p>
        {email === null ? (
          'If all is well with the address, a mail with a link is on its way to it.'
        ) : (
          <>
            If all is well with <b>{email}</b>, a mail with a link is on its way to it.
          </>
        )}
      </p>
      <p>{AFTER[kind]} The link is good for an hour, once. Open it in this browser.</p>
      <div class="card">
        <h2>Nothing came?</h2>
        <ul>
          <li>Look among unwanted mail.</li>
          <li>
            Was the address right? <a href={FORM[kind]}>Type it again</a>.
          </li>
          {kind === 'signUp' ? (
            <li>
              You have signed up before? Then <a href="/login">sign in</a> or{' '}
              <a href="/login/link">have a link mailed</a>.
            </li>
          ) : (
            <li>
              No mail goes to an address that nobody signed up with: <a href="/signup">sign up</a>.
            </li>
          )}
        </ul>
      </div>
    </div>
  )
}

const AFTER = {
  signUp: 'Follow it: your account is made, and your first API key is shown.',
  signIn: 'Follow it, and you are signed in.',
  reset: 'Follow it, and you choose a new password.',
} as const
const FORM = { signUp: '/signup', signIn: '/login/link', reset: '/reset' } as const
