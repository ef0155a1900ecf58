import type { StopCause } from './stream-event.ts'

/** How a connection was lost, or not got: a close code, a refusal, silence, or no way there. */
export type Loss =
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly message: string
      /** How long to wait at least, ms, when it was said. */
      readonly retryAfterMs: number | null
    }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly message: string }

/** Whether a connection may be tried again, and how soon at the earliest. */
export type LossMeaning =
  | { readonly kind: 'retry'; readonly atLeastMs: number }
  | { readonly kind: 'stop'; readonly cause: StopCause; readonly message: string }

/** Close codes after which a new connection would end in the same way (wire §3). */
const FINAL_CLOSES: Readonly<Record<number, StopCause>> = {
  4003: 'plan_forbids',
  4004: 'key_revoked',
  4009: 'out_of_credits',
}
const FINAL_STATUSES: Readonly<Record<number, StopCause>> = {
  401: 'unauthorized',
  402: 'out_of_credits',
  403: 'forbidden',
}
/** Refusals of the 4xx kind that may be over later: Request Timeout, Too Early, Too Many Requests. */
const PASSING = [408, 425, 429]

/** What a loss means: most pass, and some do not. */
export function meaningOf(loss: Loss): LossMeaning {
  if (loss.kind === 'closed') {
    const cause = FINAL_CLOSES[loss.code]
    return cause === undefined
      ? { kind: 'retry', atLeastMs: 0 }
      : { kind: 'stop', cause, message: loss.reason }
  }
  if (loss.kind !== 'refused') return { kind: 'retry', atLeastMs: 0 }
  const { status, message, retryAfterMs } = loss
  const final = status >= 400 && status < 500 && !PASSING.includes(status)
  return final
    ? { kind: 'stop', cause: FINAL_STATUSES[status] ?? 'refused', message }
    : { kind: 'retry', atLeastMs: retryAfterMs ?? 0 }
}

/** What there is to say of a loss, for a person. */
export function wordsOf(loss: Loss): string {
  switch (loss.kind) {
    case 'closed':
      return `closed with ${loss.code} ${loss.reason}`.trim()
    case 'silent':
      return 'nothing was heard for too long'
    case 'refused':
    case 'unreachable':
      return loss.message
  }
}
