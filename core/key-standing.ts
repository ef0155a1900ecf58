import type { Admission } from './admission.ts'
import type { Micros } from './instant.ts'
import type { AccountStanding } from './standing.ts'

export type StandingKey = AccountStanding['keys'][number]
type Refusal = Extract<Admission, { ok: false }>

/** Keys of pages begin so: the edge has checked all that there is to them, and no row stands for them. */
const PAGE = 'page:'

/** Whether a key is one of a page, which is in no list. */
export function isPageKey(keyId: string): boolean {
  return keyId.startsWith(PAGE)
}

/** Whether what is known of a key may be older than what the edge knows. @param rev of the key, as the edge knows it */
export function isBehind(key: StandingKey | undefined, rev: number): boolean {
  return key === undefined || key.rev < rev
}

/** Why a key of an account may do nothing, or null. @param key undefined when the account has no such key; `ours` for one that no row stands for */
export function keyRefusal(
  standing: AccountStanding,
  key: StandingKey | 'ours' | undefined,
  nowUs: Micros,
): Pick<Refusal, 'code' | 'message'> | null {
  if (standing.closed) return { code: 'unauthorized', message: 'this account is closed' }
  if (key === 'ours') return null
  if (key === undefined) return { code: 'unauthorized', message: 'this API key is not known' }
  if (key.revoked_us !== null && key.revoked_us <= nowUs)
    return { code: 'key_revoked', message: 'this API key was revoked' }
  if (key.expires_us !== null && key.expires_us <= nowUs)
    return { code: 'unauthorized', message: 'this API key has expired' }
  return null
}
