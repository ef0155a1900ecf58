import type { Context } from 'hono'
import type { App } from '../context.ts'
import type { OwnError } from './own-call.ts'
import { answerPage } from './page.tsx'
import { SignOutButton } from './sign-out-button.tsx'
import { type Who, whoLooks } from './who.ts'

/** Somebody who is signed in. */
export type SignedIn = Extract<Who, { kind: 'somebody' }>
/** Somebody who is signed in and has an account. */
export type Somebody = SignedIn & { readonly accountId: string }

/**
 * Why a page sends to `/login`: nobody is signed in, the session is over, or it is older than 10 minutes where that is too
 * old.
 */
export const SIGN_IN_REASONS = ['needed', 'ended', 'fresh'] as const
export type SignInReason = (typeof SIGN_IN_REASONS)[number]

/**
 * Who is signed in; else the answer that the page gives instead: the way to `/login`, or a page that says why it cannot be
 * shown now.
 * @param next the page's own path, from the list of core/return-path.ts: sign-in leads back to it
 */
export async function signedInOr(c: Context<App>, next: string): Promise<Somebody | Response> {
  const who = await personOr(c, next)
  if (who instanceof Response) return who
  const { accountId } = who
  return accountId === null ? answerRefused(c, next, who) : { ...who, accountId }
}

/** As signedInOr, for a page that needs no account. */
export async function personOr(c: Context<App>, next: string): Promise<SignedIn | Response> {
  const who = await whoLooks(c)
  switch (who.kind) {
    case 'nobody':
      return toSignIn(c, next, who.ended ? 'ended' : 'needed')
    case 'away':
      return answerAway(c, next, who.error)
    case 'somebody':
      return who
  }
}

/**
 * The answer of a page whose JSON route refused because of the session: the way to `/login`, as it is over or too old.
 * null for every other refusal, which the page shows by itself.
 */
export function signInAgain(c: Context<App>, error: OwnError, next: string): Response | null {
  if (error.code === 'unauthorized') return toSignIn(c, next, 'ended')
  const isOld = error.code === 'forbidden' && error.param === 'session'
  return isOld ? toSignIn(c, next, 'fresh') : null
}

/** Sends to `/login`, which says why and leads back. */
export function toSignIn(c: Context<App>, next: string, why: SignInReason): Response {
  return c.redirect(`/login?${new URLSearchParams({ next, why })}`, 303)
}

/** The page of an outage of sign-in or of the accounts. @param next where the way to try again leads */
export async function answerAway(
  c: Context<App>,
  next: string,
  { retryAfterMs, requestId }: Pick<OwnError, 'retryAfterMs' | 'requestId'>,
): Promise<Response> {
  c.header('Retry-After', String(Math.ceil((retryAfterMs ?? 10_000) / 1000)))
  const body = (
    <div class="alone narrow">
      <h1>Sign-in cannot be reached now</h1>
      <p>
        This is our fault, and nothing is lost. API keys and open streams need no sign-in, and
        whatever you bought or set stays as it is.
      </p>
      <p>
        <a class="button" href={next}>
          Try again
        </a>
      </p>
      <p class="quiet">
        How things are: <a href="/status">status</a>. Request <code>{requestId}</code>
      </p>
    </div>
  )
  return answerPage(c, { title: 'Not now', body }, 503)
}

async function answerRefused(
  c: Context<App>,
  next: string,
  { email, refused, csrf }: SignedIn,
): Promise<Response> {
  const body = (
    <div class="narrow">
      <h1>Your account is not made yet</h1>
      <p>
        You are signed in as <b>{email}</b>, but {refused ?? 'no account can be made now'}.
      </p>
      <p>There is nothing to fill in again: this page goes on where it stopped.</p>
      <p class="line">
        <a class="button" href={next}>
          Try again
        </a>
      </p>
      <SignOutButton csrf={csrf} />
    </div>
  )
  return answerPage(c, { title: 'No account yet', body }, 429)
}
