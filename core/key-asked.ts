import { z } from 'zod'
import { INSTANT_SHAPE, type Micros, parseInstant } from './instant.ts'
import { SCOPES } from './scope.ts'

/** Characters of a key's name. */
export const MOST_NAME = 100
/** Keys of an account that work at once; as many again may be on their way out, replaced by others. */
export const MOST_KEYS = 20
/** Keys that an account may make in 24 hours, those that replace others among them. */
export const MADE_A_DAY = 100
/** A key that is replaced works on for so many hours at most. */
export const MOST_OVERLAP_HOURS = 72
/** Credits: more than the largest plan with the largest overage can spend in a month. */
export const MOST_CAP = 1_000_000_000
/** A key's end may lie so far ahead, µs: ten years. */
const FURTHEST_US = 10 * 366 * 86_400_000_000

const CAP = `must be a whole number of credits from 0 to ${MOST_CAP}, or null for none`
const cap = z.int(CAP).min(0, CAP).max(MOST_CAP, CAP).nullable()
const NAME = `must be 1 to ${MOST_NAME} characters, no control character among them`
const name = z
  .string(NAME)
  .trim()
  .regex(new RegExp(`^\\P{Cc}{1,${MOST_NAME}}$`, 'u'), NAME)
const SCOPE_LIST = `must be one or more of ${SCOPES.join(', ')}, each once`
const INSTANT = 'must be RFC 3339 with a zone, as 2027-01-01T00:00:00Z, or null for none'
const instant = z
  .string(INSTANT)
  .regex(INSTANT_SHAPE, INSTANT)
  .transform((text) => parseInstant(text) ?? (0 as Micros))
/** The asker's own word for what it asks, so that what is sent twice is done once. */
const requestWord = z
  .string('must be a text')
  .regex(/^[\w-]{8,64}$/, 'must be 8 to 64 letters, digits, underscores and hyphens')

/** What is asked of `POST /account/keys`. */
export const keyAsked = z.strictObject({
  name,
  scopes: z
    .array(z.enum(SCOPES, SCOPE_LIST), SCOPE_LIST)
    .min(1, SCOPE_LIST)
    .refine((scopes) => new Set(scopes).size === scopes.length, SCOPE_LIST),
  expires: instant.nullable().default(null),
  month_cap: cap.default(null),
  request_id: requestWord.optional(),
})
export type KeyAsked = z.infer<typeof keyAsked>

const HOURS = `must be a whole number of hours from 0 to ${MOST_OVERLAP_HOURS}`
/** What is asked of `POST /account/keys/{id}/rotate`. */
export const rotationAsked = z.strictObject({
  overlap_hours: z.int(HOURS).min(0, HOURS).max(MOST_OVERLAP_HOURS, HOURS),
})

/** What is asked of `POST /account/keys/{id}/revoke`. */
export const revocationAsked = z.strictObject({})

/** What is asked of `POST /account/keys/{id}/cap`. */
export const capAsked = z.strictObject({ month_cap: cap })

/** Why a key may not end at an instant; null when it may. */
export function expiryFault(expires: Micros, now: Micros): string | null {
  if (expires <= now) return 'lies in the past'
  return expires > now + FURTHEST_US ? 'lies more than ten years ahead' : null
}
