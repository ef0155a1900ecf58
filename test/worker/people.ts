import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { makeApp } from '../../worker/app.ts'
import { csrfToken } from '../../worker/people/own-pages.ts'
import type { Answer } from './api.ts'

/** Our own pages' origin, in tests. */
export const ORIGIN = 'https://kalshibook.test'
export const PASSWORD = 'a long enough word'

/** The headers by which our own pages call for somebody who is signed in. */
export type PersonHeaders = {
  readonly Cookie: string
  readonly 'X-CSRF-Token': string
  readonly Origin: string
  readonly 'Content-Type': string
}

/** Somebody who is signed in. */
export type TestPerson = {
  readonly email: string
  readonly personId: string
  readonly accountId: string
  readonly headers: PersonHeaders
}

/** A session as Supabase tells it. */
export type TestSession = {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: { readonly id: string; readonly email: string }
}

const app = makeApp()
let people = 0

/** An address that nobody has. */
export function newEmail(): string {
  people += 1
  return `person-${Date.now()}-${people}@example.com`
}

/** Signs somebody up, confirmed, with an account; by the stand-in itself, past our own limits. */
export async function signedUp(email = newEmail()): Promise<TestPerson> {
  await supabase('/signup', { email, password: PASSWORD })
  const token_hash = (await lastMail(email)).token_hash
  const session = await supabase<TestSession>('/verify', { type: 'email', token_hash })
  return personOf(session)
}

/** Signs somebody in again, in a new session. */
export async function signedInAgain(email: string): Promise<TestPerson> {
  return personOf(
    await supabase<TestSession>('/token?grant_type=password', { email, password: PASSWORD }),
  )
}

/** The headers of a session of Supabase's. */
export async function headersOfSession(session: TestSession): Promise<PersonHeaders> {
  const claims = JSON.parse(atob(base64(session.access_token.split('.')[1] ?? ''))) as {
    session_id: string
  }
  return {
    Cookie: `__Host-kb_access=${session.access_token}; __Host-kb_refresh=${session.refresh_token}`,
    'X-CSRF-Token': await csrfToken(env.SESSION_SECRET_V1 ?? '', claims.session_id),
    Origin: ORIGIN,
    'Content-Type': 'application/json',
  }
}

async function personOf(session: TestSession): Promise<TestPerson> {
  const headers = await headersOfSession(session)
  const told = await callPages('/account/session', headers)
  if (told.status !== 200) throw new Error(JSON.stringify(told.body))
  const { account_id } = told.body['data'] as { account_id: string }
  return { email: session.user.email, personId: session.user.id, accountId: account_id, headers }
}

/**
 * Calls the Worker as a page does, with JSON by POST when there is a body, and waits until all that the request has left
 * behind is done: a mail may be sent after its answer. @returns the answer, and how long it took by itself, ms
 */
export async function callPages(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: unknown,
): Promise<Answer & { readonly ms: number }> {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}${path}`, {
    redirect: 'manual',
    method: body === undefined ? 'GET' : 'POST',
    headers: { Origin: ORIGIN, 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const began = Date.now()
  const response = await app.fetch(request, env, context)
  const text = await response.text()
  const ms = Date.now() - began
  await waitOnExecutionContext(context)
  return {
    ms,
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

/** Calls the stand-in of Supabase Auth. Throws when it refuses. */
export async function supabase<Told>(path: string, body: unknown): Promise<Told> {
  const response = await fetch(`${env.SUPABASE_URL}/auth/v1${path}`, {
    method: 'POST',
    headers: { apikey: env.SUPABASE_PUBLISHABLE_KEY ?? '' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`the stand-in says ${response.status} ${text}`)
  return JSON.parse(text) as Told
}

/** The last mail to an address. Throws when there is none. */
export async function lastMail(email: string): Promise<{ link: string; token_hash: string }> {
  const mail = (await mailsTo(email)).at(-1)
  if (mail === undefined) throw new Error(`no mail to ${email}`)
  return mail
}

/** All mails to an address, the oldest first. */
export async function mailsTo(email: string): Promise<{ link: string; token_hash: string }[]> {
  const response = await fetch(`${env.SUPABASE_URL}/outbox?email=${encodeURIComponent(email)}`)
  return response.json()
}

/** Has the stand-in fail, run ahead, or issue short-lived tokens. */
export async function hurtSupabase(order: {
  readonly aheadMs?: number
  readonly away?: number | 'cut' | 'silent' | null
  readonly accessTokenS?: number
  readonly claims?: Readonly<Record<string, unknown>>
  readonly mailsFail?: boolean
}): Promise<void> {
  const response = await fetch(`${env.SUPABASE_URL}/control`, {
    method: 'POST',
    headers: { apikey: env.SUPABASE_SECRET_KEY ?? '' },
    body: JSON.stringify(order),
  })
  await response.body?.cancel()
}

function base64(url: string): string {
  return url.replaceAll('-', '+').replaceAll('_', '/')
}
