import type { Context } from 'hono'
import { z } from 'zod'
import type { App } from '../context.ts'
import { readSessionCookies } from '../people/session-cookies.ts'
import { type OwnError, ownCall } from './own-call.ts'

const told = z.object({
  email: z.string(),
  account_id: z.string().nullable(),
  account_refused: z.string().optional(),
  csrf_token: z.string(),
  fresh_until_ts: z.string(),
})

/** Who looks at a page. */
export type Who =
  | { readonly kind: 'nobody' /** Their session is over. */; readonly ended: boolean }
  /** It cannot be known now. */
  | { readonly kind: 'away'; readonly error: OwnError }
  | {
      readonly kind: 'somebody'
      readonly email: string
      /** null when they may have none now; `refused` says why. */
      readonly accountId: string | null
      readonly refused: string | null
      readonly csrf: string
      /** Until when what costs money or makes keys may be done without signing in again, ms. */
      readonly freshUntilMs: number
    }

/** Finds out who looks at a page; nobody is asked where the browser keeps no session. */
export async function whoLooks(c: Context<App>): Promise<Who> {
  if (readSessionCookies(c) === null) return { kind: 'nobody', ended: false }
  const answer = await ownCall(c, '/account/session')
  if (!answer.ok) return { kind: 'away', error: answer.error }
  const read = told.safeParse(answer.data)
  if (!read.success) return { kind: 'nobody', ended: true }
  const { email, account_id, account_refused = null, csrf_token, fresh_until_ts } = read.data
  return {
    kind: 'somebody',
    email,
    accountId: account_id,
    refused: account_refused,
    csrf: csrf_token,
    freshUntilMs: Date.parse(fresh_until_ts),
  }
}

/** The word against forgery of who is signed in with an account; null for a visitor. */
export function accountCsrf(who: Who): string | null {
  return who.kind === 'somebody' && who.accountId !== null ? who.csrf : null
}
