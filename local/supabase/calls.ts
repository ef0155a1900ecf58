import { z } from 'zod'
import { type AuthAnswer, answer, refusal } from './auth-fault.ts'
import type { Person } from './auth-state.ts'
import type { Desk } from './desk.ts'
import { sendMail } from './mails.ts'
import {
  addPerson,
  hashPassword,
  isPassword,
  personOf,
  printNobody,
  printPerson,
  removePerson,
} from './people.ts'
import { bearerOf, endSessions, grantSession, refreshSession } from './sessions.ts'
import { verify } from './verify.ts'

/** One call: what it was given, and by whom. */
export type AuthCall = {
  readonly body: Readonly<Record<string, unknown>>
  readonly query: URLSearchParams
  /** The access token; null when there is none but the API key. */
  readonly token: string | null
  readonly isSecret: boolean
  /** Who is counted. */
  readonly address: string
  /** The rest of the path. */
  readonly rest: string
}

type Handler = (desk: Desk, call: AuthCall) => AuthAnswer | Promise<AuthAnswer>

const FIVE_MINUTES = 300_000
const SHORTEST_PASSWORD = 6
/** Bytes, not characters. */
const LONGEST_PASSWORD = 72

/** What is answered, by method and path below /auth/v1. */
export const CALLS: Readonly<Record<string, Handler>> = {
  'POST /signup': limited('signIns', signUp),
  'POST /token': (desk, call) => {
    switch (call.query.get('grant_type')) {
      case 'password':
        return limited('signIns', signIn)(desk, call)
      case 'refresh_token':
        return limited('refreshes', refresh)(desk, call)
      default:
        return refusal(400, 'invalid_credentials', 'unsupported_grant_type')
    }
  },
  'POST /otp': limited('signIns', magicLink),
  'POST /recover': limited('signIns', recover),
  'POST /verify': limited('verifications', verify),
  'GET /user': async (desk, { token }) => {
    const bearer = await bearerOf(desk, token)
    return bearer.ok ? answer(printPerson(bearer.person)) : bearer.refused
  },
  'PUT /user': changePerson,
  'POST /logout': signOut,
  'GET /admin/users': (desk, call) => asOperator(desk, call, printPerson),
  'DELETE /admin/users': (desk, call) =>
    asOperator(desk, call, ({ id }) => {
      removePerson(desk.state, id)
      return {}
    }),
  'GET /settings': () =>
    answer({
      external: { email: true, phone: false, anonymous_users: false },
      disable_signup: false,
      mailer_autoconfirm: false,
      phone_autoconfirm: false,
      sms_provider: '',
      saml_enabled: false,
    }),
  'GET /health': () =>
    answer({ version: 'stand-in', name: 'GoTrue', description: 'a stand-in of Supabase Auth' }),
}

function limited(kind: 'signIns' | 'verifications' | 'refreshes', handler: Handler): Handler {
  return (desk, call) => {
    const name = `${kind} ${call.address}`
    if (desk.buckets.take(name, desk.limits[kind], FIVE_MINUTES, desk.nowMs())) {
      return handler(desk, call)
    }
    return refusal(429, 'over_request_rate_limit', 'Request rate limit reached')
  }
}

function signUp(desk: Desk, { body, query }: AuthCall): AuthAnswer {
  const { email, password } = body
  if (email === undefined || email === '') {
    return refusal(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled')
  }
  if (typeof password !== 'string' || password === '') {
    return refusal(400, 'validation_failed', 'Signup requires a valid password')
  }
  const wrong = wrongPassword(password) ?? wrongEmail(email)
  if (wrong !== null) return wrong
  const known = personOf(desk.state, String(email))
  if (known !== undefined && known.confirmedMs !== null) {
    return answer(printNobody(known.email, desk.nowMs()))
  }
  const person = known ?? addPerson(desk.state, String(email), password, desk.nowMs())
  const refused = sendMail(desk, person, 'confirmation', query.get('redirect_to'))
  if (refused !== null && known === undefined) removePerson(desk.state, person.id)
  return refused ?? answer(printPerson(person))
}

async function signIn(desk: Desk, { body }: AuthCall): Promise<AuthAnswer> {
  const { email, password } = body
  if (typeof email !== 'string' || email === '') {
    return refusal(400, 'validation_failed', 'missing email or phone')
  }
  const person = personOf(desk.state, email)
  if (person === undefined || typeof password !== 'string' || !isPassword(person, password)) {
    return refusal(400, 'invalid_credentials', 'Invalid login credentials')
  }
  if (person.confirmedMs === null) {
    return refusal(400, 'email_not_confirmed', 'Email not confirmed')
  }
  return grantSession(desk, person, 'password')
}

function refresh(desk: Desk, { body }: AuthCall): AuthAnswer | Promise<AuthAnswer> {
  const token = body['refresh_token']
  if (typeof token !== 'string' || token === '') {
    return refusal(400, 'validation_failed', 'refresh_token required')
  }
  return refreshSession(desk, token)
}

function magicLink(desk: Desk, { body, query }: AuthCall): AuthAnswer {
  const { email } = body
  const wrong = wrongEmail(email)
  if (wrong !== null) return wrong
  const known = personOf(desk.state, String(email))
  if (known === undefined && body['create_user'] === false) {
    return refusal(422, 'otp_disabled', 'Signups not allowed for otp')
  }
  const person = known ?? addPerson(desk.state, String(email), null, desk.nowMs())
  const kind = person.confirmedMs === null ? 'confirmation' : 'magicLink'
  const refused = sendMail(desk, person, kind, query.get('redirect_to'))
  if (refused !== null && known === undefined) removePerson(desk.state, person.id)
  return refused ?? answer({})
}

function recover(desk: Desk, { body, query }: AuthCall): AuthAnswer {
  const wrong = wrongEmail(body['email'])
  if (wrong !== null) return wrong
  const person = personOf(desk.state, String(body['email']))
  if (person === undefined) return answer({})
  return sendMail(desk, person, 'recovery', query.get('redirect_to')) ?? answer({})
}

async function changePerson(desk: Desk, { body, token }: AuthCall): Promise<AuthAnswer> {
  const bearer = await bearerOf(desk, token)
  if (!bearer.ok) return bearer.refused
  const { person, sessionId } = bearer
  const { password } = body
  if (typeof password !== 'string') {
    return refusal(422, 'validation_failed', 'this stand-in changes passwords alone')
  }
  const wrong = wrongPassword(password)
  if (wrong !== null) return wrong
  if (isPassword(person, password)) {
    const message = 'New password should be different from the old password.'
    return refusal(422, 'same_password', message)
  }
  person.password = hashPassword(password)
  person.updatedMs = desk.nowMs()
  endSessions(desk, person.id, (id) => id !== sessionId)
  return answer(printPerson(person))
}

async function signOut(desk: Desk, { token, query }: AuthCall): Promise<AuthAnswer> {
  const scope = query.get('scope') ?? 'global'
  if (!['global', 'local', 'others'].includes(scope)) {
    return refusal(400, 'validation_failed', `Unsupported logout scope "${scope}"`)
  }
  const bearer = await bearerOf(desk, token)
  if (!bearer.ok) return bearer.refused
  const own = (id: string) => id === bearer.sessionId
  endSessions(desk, bearer.person.id, (id) => scope === 'global' || own(id) === (scope === 'local'))
  return { ok: true, status: 204, body: null }
}

/** What the secret key alone may do to the person whom the path names. */
function asOperator(
  desk: Desk,
  { isSecret, rest }: AuthCall,
  run: (person: Person) => Record<string, unknown>,
): AuthAnswer {
  if (!isSecret) return refusal(403, 'not_admin', 'User not allowed')
  if (!z.uuid().safeParse(rest).success) {
    return refusal(404, 'validation_failed', 'user_id must be an UUID')
  }
  const person = desk.state.people.find(({ id }) => id === rest)
  return person === undefined
    ? refusal(404, 'user_not_found', 'User not found')
    : answer(run(person))
}

function wrongPassword(password: string): AuthAnswer | null {
  if (Buffer.byteLength(password) > LONGEST_PASSWORD) {
    const message = `Password cannot be longer than ${LONGEST_PASSWORD} characters`
    return refusal(400, 'validation_failed', message)
  }
  if (password.length >= SHORTEST_PASSWORD) return null
  const message = `Password should be at least ${SHORTEST_PASSWORD} characters.`
  const fault = { status: 422, code: 'weak_password', message, reasons: ['length'] }
  return { ok: false, fault }
}

function wrongEmail(email: unknown): AuthAnswer | null {
  if (email === undefined || email === '') {
    return refusal(400, 'validation_failed', 'One of email or phone must be set')
  }
  if (z.email().safeParse(email).success) return null
  return refusal(400, 'validation_failed', 'Unable to validate email address: invalid format')
}
