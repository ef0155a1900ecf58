/** Every error code of the API and the status that bears it. */
export const API_ERROR_STATUS = {
  unauthorized: 401,
  key_revoked: 401,
  payment_required: 402,
  quota_exceeded: 402,
  forbidden: 403,
  not_found: 404,
  range_not_covered: 404,
  method_not_allowed: 405,
  invalid_param: 422,
  range_too_large: 422,
  rate_limited: 429,
  upstream_degraded: 503,
  internal: 500,
} as const

export type ApiErrorCode = keyof typeof API_ERROR_STATUS

/** What the record holds of a market, in RFC 3339; null when it holds nothing yet. */
export type Covered = { readonly from_ts: string | null; readonly through_ts: string | null }

/** An answer that is no answer, before it is put into the envelope. */
export type ApiError = {
  readonly code: ApiErrorCode
  /** For a person: what is wrong, and what would be right. */
  readonly message: string
  /** The parameter at fault. */
  readonly param?: string
  readonly retryAfterMs?: number
  readonly covered?: Covered
}
