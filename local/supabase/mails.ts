import { createHash, randomInt } from 'node:crypto'
import { type AuthAnswer, refusal } from './auth-fault.ts'
import { MOST_MAILS, type Person } from './auth-state.ts'
import type { Desk } from './desk.ts'

/** As docs/operate.md has a project set to: what is shorter can be guessed. */
const OTP_DIGITS = 10

/** The three mails, and the type that the link of each names. */
const MAILS = {
  confirmation: { subject: 'Confirm your address', type: 'email' },
  magicLink: { subject: 'Your link to sign in', type: 'email' },
  recovery: { subject: 'Choose a new password', type: 'recovery' },
} as const

/**
 * Mails a link that is good once; an earlier one of its kind is good no more. Answers the refusal when a mail went to this
 * person a moment ago, or too many went out; null when it is sent.
 */
export function sendMail(
  desk: Desk,
  person: Person,
  kind: keyof typeof MAILS,
  redirectTo: string | null,
): AuthAnswer | null {
  const { state, limits } = desk
  const now = desk.nowMs()
  const last = kind === 'confirmation' ? person.confirmationSentMs : person.recoverySentMs
  const waitMs = (last ?? Number.NEGATIVE_INFINITY) + limits.mailEveryMs - now
  if (waitMs > 0) {
    const message = `For security purposes, you can only request this after ${Math.ceil(waitMs / 1000)} seconds.`
    return refusal(429, 'over_email_send_rate_limit', message)
  }
  if (!desk.buckets.take('mails', limits.mails, 3_600_000, now)) {
    return refusal(429, 'over_email_send_rate_limit', 'email rate limit exceeded')
  }
  if (desk.mailsFail) {
    return refusal(500, 'unexpected_failure', `Error sending ${kind} email`)
  }
  const otp = String(randomInt(10 ** OTP_DIGITS)).padStart(OTP_DIGITS, '0')
  const hash = hashOtp(person.email, otp)
  if (kind === 'confirmation') {
    person.confirmation = hash
    person.confirmationSentMs = now
  } else {
    person.recovery = hash
    person.recoverySentMs = now
  }
  const { subject, type } = MAILS[kind]
  const link = new URL(`${desk.siteUrl}/auth/confirm`)
  link.search = new URLSearchParams({
    token_hash: hash,
    type,
    ...(redirectTo === null ? {} : { next: redirectTo }),
  }).toString()
  const id = (state.mails.at(-1)?.id ?? 0) + 1
  const sent_at = new Date(now).toISOString()
  state.mails.push({
    id,
    to: person.email,
    subject,
    link: link.href,
    token_hash: hash,
    otp,
    sent_at,
  })
  if (state.mails.length > MOST_MAILS) state.mails.splice(0, state.mails.length - MOST_MAILS)
  return null
}

/** What a link holds of a code that was mailed. */
export function hashOtp(email: string, otp: string): string {
  return createHash('sha224').update(`${email}${otp}`).digest('hex')
}
