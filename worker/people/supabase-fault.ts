import type { AuthError } from '@supabase/supabase-js'
import type { ApiError } from '#core/api-error'

/** How long (ms) to wait where Supabase does not say: its limits fill evenly over minutes. */
const RETRY_MS = 60_000

/** What the caller is told of a refusal of Supabase's that does not tell whether somebody has an account. */
export function refusalOf(error: AuthError): ApiError {
  switch (error.code) {
    case 'weak_password':
      return invalid('password', `is too weak: ${weakness(error)}`)
    case 'same_password':
      return invalid('password', 'must be another than before')
    case 'email_address_invalid':
    case 'email_address_not_authorized':
      return invalid('email', 'mail cannot be sent to this address')
    case 'validation_failed':
      return invalid('body', 'was refused by Supabase Auth')
    case 'over_request_rate_limit':
    case 'over_email_send_rate_limit':
      return { code: 'rate_limited', message: 'too many ask now', retryAfterMs: RETRY_MS }
    case 'signup_disabled':
    case 'email_provider_disabled':
      return { code: 'forbidden', message: 'nobody new can sign up now' }
    default:
      return { code: 'upstream_degraded', message: 'sign-in does not work now' }
  }
}

/**
 * Whether Supabase does not send a mail because one went to this very person a moment ago: who asks is told that it is
 * sent, as for an address that nobody has. https://github.com/supabase/auth
 */
export function justMailed({ code, message }: AuthError): boolean {
  return code === 'over_email_send_rate_limit' && message.startsWith('For security purposes')
}

function invalid(param: string, message: string): ApiError {
  return { code: 'invalid_param', param, message }
}

function weakness(error: AuthError): string {
  const { reasons } = error as { reasons?: unknown }
  return Array.isArray(reasons) && reasons.length > 0 ? reasons.join(', ') : 'choose a longer one'
}
