import { randomBytes, randomUUID } from 'node:crypto'
import { type AuthAnswer, answer, refusal } from './auth-fault.ts'
import type { AuthSession, Person, RefreshToken } from './auth-state.ts'
import { type Desk, REUSE_MS } from './desk.ts'
import { printPerson } from './people.ts'

/** Begins a session. @param method how the person proved who they are: `password` or `otp` */
export async function grantSession(
  desk: Desk,
  person: Person,
  method: 'password' | 'otp',
): Promise<AuthAnswer> {
  const now = desk.nowMs()
  const session = { id: randomUUID(), personId: person.id, createdMs: now, method }
  desk.state.sessions.push(session)
  person.lastSignInMs = now
  return answer(await printSession(desk, person, session, addToken(desk, session.id, null)))
}

/** Renews a session by a refresh token, which is used up then; it may be used again as long as its successor was not. */
export async function refreshSession(desk: Desk, token: string): Promise<AuthAnswer> {
  const { state } = desk
  const given = state.refreshTokens.find((one) => one.token === token)
  if (given === undefined) {
    const message = 'Invalid Refresh Token: Refresh Token Not Found'
    return refusal(400, 'refresh_token_not_found', message)
  }
  const session = state.sessions.find(({ id }) => id === given.sessionId)
  const person = state.people.find(({ id }) => id === session?.personId)
  if (session === undefined || person === undefined) {
    return refusal(400, 'session_not_found', 'Invalid Refresh Token: Session Not Found')
  }
  const family = state.refreshTokens.filter(({ sessionId }) => sessionId === session.id)
  const active = family.findLast(({ revoked }) => !revoked)
  if (given.revoked && active?.parent === given.token) {
    return answer(await printSession(desk, person, session, active))
  }
  // Once the whole family is revoked nothing of it is good any more, however lately it was used.
  if (given.revoked && (active === undefined || desk.nowMs() > given.updatedMs + REUSE_MS)) {
    for (const one of family) one.revoked = true
    return refusal(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used')
  }
  if (!given.revoked) given.updatedMs = desk.nowMs()
  given.revoked = true
  return answer(await printSession(desk, person, session, addToken(desk, session.id, given.token)))
}

/** Ends sessions of a person: this one, the others, or all. */
export function endSessions(
  desk: Desk,
  personId: string,
  ends: (sessionId: string) => boolean,
): void {
  const { state } = desk
  const ended = state.sessions.filter((one) => one.personId === personId && ends(one.id))
  const ids = new Set(ended.map(({ id }) => id))
  state.sessions = state.sessions.filter(({ id }) => !ids.has(id))
  state.refreshTokens = state.refreshTokens.filter(({ sessionId }) => !ids.has(sessionId))
}

/** Who bears an access token, and in which session; or the refusal. */
export async function bearerOf(
  desk: Desk,
  token: string | null,
): Promise<
  | { readonly ok: true; readonly person: Person; readonly sessionId: string }
  | { readonly ok: false; readonly refused: AuthAnswer }
> {
  const no = (status: number, code: string, message: string) =>
    ({ ok: false, refused: refusal(status, code, message) }) as const
  if (token === null) {
    return no(401, 'no_authorization', 'This endpoint requires a valid Bearer token')
  }
  const read = await desk.signing.verify(token, desk.nowMs())
  if (!read.ok) {
    return no(403, 'bad_jwt', `invalid JWT: unable to parse or verify signature, ${read.why}`)
  }
  const person = desk.state.people.find(({ id }) => id === read.claims['sub'])
  if (person === undefined) {
    return no(403, 'user_not_found', 'User from sub claim in JWT does not exist')
  }
  const session = desk.state.sessions.find(({ id }) => id === read.claims['session_id'])
  if (session === undefined) {
    const message = 'Session from session_id claim in JWT does not exist'
    return no(403, 'session_not_found', message)
  }
  return { ok: true, person, sessionId: session.id }
}

function addToken(desk: Desk, sessionId: string, parent: string | null): RefreshToken {
  const token = randomBytes(9).toString('base64url')
  const one = { token, sessionId, parent, revoked: false, updatedMs: desk.nowMs() }
  desk.state.refreshTokens.push(one)
  return one
}

async function printSession(
  desk: Desk,
  person: Person,
  session: AuthSession,
  { token }: RefreshToken,
): Promise<Record<string, unknown>> {
  const nowS = Math.floor(desk.nowMs() / 1000)
  const expiresAt = nowS + desk.accessTokenS
  const printed = printPerson(person)
  const accessToken = await desk.signing.sign({
    iss: `${desk.url}/auth/v1`,
    sub: person.id,
    aud: 'authenticated',
    exp: expiresAt,
    iat: nowS,
    email: person.email,
    phone: '',
    app_metadata: printed['app_metadata'],
    user_metadata: printed['user_metadata'],
    role: 'authenticated',
    aal: 'aal1',
    amr: [{ method: session.method, timestamp: Math.floor(session.createdMs / 1000) }],
    session_id: session.id,
    is_anonymous: false,
    ...desk.claims,
  })
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: desk.accessTokenS,
    expires_at: expiresAt,
    refresh_token: token,
    user: printed,
  }
}
