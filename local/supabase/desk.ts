import type { AuthState } from './auth-state.ts'
import type { AuthLimits, Buckets } from './limits.ts'
import type { Signing } from './signing.ts'

/** What the calls of Supabase Auth work with. */
export type Desk = {
  readonly state: AuthState
  readonly signing: Signing
  readonly buckets: Buckets
  readonly limits: AuthLimits
  /** Its own address, without a slash at its end: the issuer is below it. */
  readonly url: string
  /** Where the links in mails lead. */
  readonly siteUrl: string
  /** How long an access token is good, s; tests change it. */
  accessTokenS: number
  /** Claims of access tokens in place of the right ones; tests set them. */
  claims: Readonly<Record<string, unknown>>
  /** Whether no mail can be handed over; tests change it. */
  mailsFail: boolean
  nowMs(): number
}

/** How long a link in a mail is good, ms. */
export const LINK_MS = 3_600_000
/** For so long (ms) a refresh token may be used again. */
export const REUSE_MS = 10_000
