import { type AuthAnswer, refusal } from './auth-fault.ts'
import type { Person } from './auth-state.ts'
import type { AuthCall } from './calls.ts'
import { type Desk, LINK_MS } from './desk.ts'
import { hashOtp } from './mails.ts'
import { grantSession } from './sessions.ts'

const EXPIRED = refusal(403, 'otp_expired', 'Token has expired or is invalid')
/** Which of the two links that a person can have each type may mean; the first is looked for first. */
const LINKS: Readonly<Record<string, readonly ('confirmation' | 'recovery')[]>> = {
  email: ['confirmation', 'recovery'],
  signup: ['confirmation'],
  invite: ['confirmation'],
  magiclink: ['recovery'],
  recovery: ['recovery'],
}

/** Begins a session by a link or a code that was mailed, once. */
export async function verify(desk: Desk, { body }: AuthCall): Promise<AuthAnswer> {
  const { type, token, token_hash, email } = body
  if (typeof type !== 'string' || type === '') {
    return refusal(400, 'validation_failed', 'Verify requires a verification type')
  }
  const hash = wantedHash(token, token_hash, email)
  if (typeof hash !== 'string') return hash
  const kinds = LINKS[type]
  if (kinds === undefined) {
    return refusal(400, 'validation_failed', 'Unsupported verification type')
  }
  const found = findLink(desk, kinds, hash)
  if (found === null) return EXPIRED
  const { person, kind } = found
  const sentMs = kind === 'confirmation' ? person.confirmationSentMs : person.recoverySentMs
  if (desk.nowMs() > (sentMs ?? 0) + LINK_MS) return EXPIRED
  person[kind] = null
  person.confirmedMs ??= desk.nowMs()
  return grantSession(desk, person, 'otp')
}

function wantedHash(token: unknown, hash: unknown, email: unknown): string | AuthAnswer {
  if (typeof hash === 'string' && hash !== '') {
    if (email === undefined && token === undefined) return hash
    const message = 'Only the token_hash and type should be provided'
    return refusal(400, 'validation_failed', message)
  }
  if (typeof token === 'string' && typeof email === 'string') {
    return hashOtp(email.toLowerCase(), token)
  }
  return refusal(400, 'validation_failed', 'Verify requires a token or a token hash')
}

function findLink(desk: Desk, kinds: readonly ('confirmation' | 'recovery')[], hash: string) {
  for (const kind of kinds) {
    const person: Person | undefined = desk.state.people.find((one) => one[kind] === hash)
    if (person !== undefined) return { person, kind }
  }
  return null
}
