import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import type { App } from '../context.ts'
import { nowUs } from '../now.ts'
import { foreignOrigin, isReading, missingCsrf } from './own-pages.ts'
import { accountOf } from './person-account.ts'
import { type SignedIn, signedIn, vouchFor } from './signed-in.ts'

/** Somebody who is signed in, and the account that is theirs. */
export type Session = {
  readonly accountId: string
  readonly personId: string
  readonly email: string
  /** When they last proved who they are, µs. */
  readonly signedInUs: Micros
}

export type SessionCheck =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly error: ApiError }

/** What needs a fresh session needs one that is younger than this, µs. */
export const FRESH_US = 600_000_000

const STALE: ApiError = {
  code: 'forbidden',
  param: 'session',
  message: 'sign in again: this needs a sign-in of the last 10 minutes',
}

/** What a session must be beside good. */
type Needed = {
  /** Supabase must say now that they are signed in: what is given out may outlive the session. */
  readonly vouched?: boolean
  /** That, and they must have signed in less than 10 minutes ago. */
  readonly fresh?: boolean
}

/**
 * Who calls, by the cookies of their session; their account is made when it is their first call. A call that may change
 * something must come from our own pages: by its Origin, and by the session's CSRF token.
 * Throws DatabaseAwayError; Supabase's absence is an answer.
 */
export async function requireSession(c: Context<App>, needed: Needed = {}): Promise<SessionCheck> {
  const found = await requirePerson(c, needed)
  if (!found.ok) return found
  const account = await accountOf(c, found)
  if (!account.ok) return account
  const { personId, email, signedInUs } = found.person
  return { ok: true, session: { accountId: account.accountId, personId, email, signedInUs } }
}

/** As requireSession, for what a person may do who has no account, or whose account is closed. */
export async function requirePerson(
  c: Context<App>,
  { fresh = false, vouched = fresh }: Needed = {},
): Promise<SignedIn> {
  const reading = isReading(c)
  const foreign = reading ? null : foreignOrigin(c)
  if (foreign !== null) return { ok: false, error: foreign }
  const found = await signedIn(c)
  if (!found.ok) return found
  const secret = found.sessionSecret
  const unmarked = reading ? null : await missingCsrf(c, secret, found.person.sessionId)
  if (unmarked !== null) return { ok: false, error: unmarked }
  const isOld = nowUs() - found.person.signedInUs >= FRESH_US
  if (fresh && isOld) return { ok: false, error: STALE }
  return vouched ? vouchFor(found) : found
}
