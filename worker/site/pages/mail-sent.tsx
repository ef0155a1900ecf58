import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import type { LinkKind } from '../mail-form.tsx'
import { mailedTo } from '../mailed.ts'
import { answerPage } from '../page.tsx'
import { sitePath } from '../site-path.ts'

const TO_WHOM = {
  signUp: ', unless it has an account already',
  signIn: '',
  reset: ', if it has an account',
} as const
const AFTER = {
  signUp: 'Follow it: your account is made, and one press makes your first API key.',
  signIn: 'Follow it, and you are signed in.',
  reset: 'Follow it, and you choose a new password.',
} as const
const FORM = { signUp: '/signup', signIn: '/login/link', reset: '/reset' } as const

/** A page after a mail was asked for; it is the same whoever has the address. */
export function addSentPage(app: OpenAPIHono<App>, path: string, kind: LinkKind | 'signUp'): void {
  sitePath(app, path)
  app.get(path, (c) => {
    const title = 'Check your mail'
    return answerPage(c, { title, body: <Sent kind={kind} email={mailedTo(c)} /> })
  })
}

type SentProps = { readonly kind: LinkKind | 'signUp'; readonly email: string | null }

/** Nothing here depends on whether somebody has the address. */
function Sent({ kind, email }: SentProps) {
  return (
    <div class="narrow">
      <h1>Check your mail</h1>
      <p>
        A mail with a link goes to <b>{email ?? 'the address that was typed'}</b>
        {TO_WHOM[kind]}.
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
            <li>Wait a minute before you ask again: one mail a minute goes to an address.</li>
          )}
        </ul>
      </div>
    </div>
  )
}
