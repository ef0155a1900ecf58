import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto'
import type { AuthState, Person } from './auth-state.ts'

/** Far below what is safe: nobody's real password is here. */
const SCRYPT = { N: 1024 }

/** The person of an address, in whatever case. */
export function personOf(state: AuthState, email: string): Person | undefined {
  return state.people.find((person) => person.email === email.toLowerCase())
}

/** Adds a person, unconfirmed. */
export function addPerson(
  state: AuthState,
  email: string,
  password: string | null,
  nowMs: number,
): Person {
  const person: Person = {
    id: randomUUID(),
    email: email.toLowerCase(),
    password: password === null ? null : hashPassword(password),
    createdMs: nowMs,
    updatedMs: nowMs,
    confirmedMs: null,
    confirmationSentMs: null,
    recoverySentMs: null,
    lastSignInMs: null,
    confirmation: null,
    recovery: null,
  }
  state.people.push(person)
  return person
}

/** Removes a person with all their sessions. */
export function removePerson(state: AuthState, id: string): void {
  const gone = new Set(state.sessions.filter((one) => one.personId === id).map((one) => one.id))
  state.people = state.people.filter((person) => person.id !== id)
  state.sessions = state.sessions.filter((session) => session.personId !== id)
  state.refreshTokens = state.refreshTokens.filter(({ sessionId }) => !gone.has(sessionId))
}

/** What is kept of a password. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16)
  return `${salt.toString('hex')}:${scryptSync(password, salt, 32, SCRYPT).toString('hex')}`
}

/** Whether a password is the person's. */
export function isPassword(person: Person, password: string): boolean {
  const [salt = '', hash = ''] = person.password?.split(':') ?? []
  if (hash === '') return false
  const given = scryptSync(password, Buffer.from(salt, 'hex'), 32, SCRYPT)
  return timingSafeEqual(given, Buffer.from(hash, 'hex'))
}

/** A person as Supabase Auth prints them. */
export function printPerson(person: Person): Record<string, unknown> {
  const { id, email } = person
  const at = (ms: number) => new Date(ms).toISOString()
  const maybe = (name: string, ms: number | null) => (ms === null ? {} : { [name]: at(ms) })
  const verified = person.confirmedMs !== null
  const data = { email, email_verified: verified, phone_verified: false, sub: id }
  return {
    id,
    aud: 'authenticated',
    role: 'authenticated',
    email,
    ...maybe('email_confirmed_at', person.confirmedMs),
    phone: '',
    ...maybe('confirmation_sent_at', person.confirmationSentMs),
    ...maybe('recovery_sent_at', person.recoverySentMs),
    ...maybe('confirmed_at', person.confirmedMs),
    ...maybe('last_sign_in_at', person.lastSignInMs),
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: data,
    identities: [
      {
        identity_id: id,
        id,
        user_id: id,
        identity_data: data,
        provider: 'email',
        last_sign_in_at: at(person.lastSignInMs ?? person.createdMs),
        created_at: at(person.createdMs),
        updated_at: at(person.updatedMs),
        email,
      },
    ],
    created_at: at(person.createdMs),
    updated_at: at(person.updatedMs),
    is_anonymous: false,
  }
}

/** What a sign-up of an address that has an account is answered with: it looks like a new person, and is nobody. */
export function printNobody(email: string, nowMs: number): Record<string, unknown> {
  const at = new Date(nowMs).toISOString()
  return {
    id: randomUUID(),
    aud: 'authenticated',
    role: '',
    email: email.toLowerCase(),
    phone: '',
    confirmation_sent_at: at,
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: {},
    identities: [],
    created_at: at,
    updated_at: at,
    is_anonymous: false,
  }
}
