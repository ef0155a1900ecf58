import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { returnPath } from '#core/return-path'
import type { App } from '../../context.ts'
import type { Attempted } from '../form-fields.tsx'
import { type LinkKind, MailForm } from '../mail-form.tsx'
import { noteMailed } from '../mailed.ts'
import { ownCall } from '../own-call.ts'
import { answerPage, type PageStatus } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { refusalStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'
import { addSentPage } from './mail-sent.tsx'

/** What each link is for, and the route that has it mailed. */
const LINKS = {
  signIn: {
    path: '/login/link',
    sentPath: '/login/sent',
    route: '/auth/magic-link',
    title: 'Have a link mailed',
    lead: 'A link in a mail signs you in without a password; whoever is new has an account then.',
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
