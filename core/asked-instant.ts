import type { ApiError } from './api-error.ts'
import type { Micros } from './instant.ts'

/** How far a caller's clock may be ahead of ours, µs. */
const AHEAD_US = 2_000_000

/** An instant to be answered for, or why it cannot be. */
export type AskedInstant =
  | { readonly ok: true; readonly at: Micros }
  | { readonly ok: false; readonly error: ApiError }

/** Takes an instant up to 2 s ahead of us as now, and refuses a later one. */
export function notAhead(at: Micros, param: 'at' | 'from', now: Micros): AskedInstant {
  if (at <= now) return { ok: true, at }
  if (at <= now + AHEAD_US) return { ok: true, at: now }
  const message = 'lies in the future; it may be up to 2 s ahead of our clock'
  return { ok: false, error: { code: 'invalid_param', param, message } }
}

/** Why a range of time cannot be answered for; null when it can. `to` may lie in the future. */
export function rangeFault(
  from: Micros | undefined,
  to: Micros | undefined,
  now: Micros,
): ApiError | null {
  const start = from === undefined ? null : notAhead(from, 'from', now)
  if (start !== null && !start.ok) return start.error
  if (from === undefined || to === undefined || from < to) return null
  return { code: 'invalid_param', param: 'to', message: 'must be later than from' }
}
