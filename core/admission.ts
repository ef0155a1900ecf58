import type { ApiErrorCode } from './api-error.ts'
import type { PlanName, StreamLimits } from './plan.ts'
import type { STREAM_CLOSE } from './wire/stream.ts'

/** What a request asks of its account, before or while its data is read. */
export type SpendAsk = {
  /** Ours; a block of a streamed answer has its own: `req_….2`. Asked again, it is answered as before. */
  readonly requestId: string
  readonly keyId: string
  /** Of the key, as the edge knows it. */
  readonly rev: number
  /** The path as it is described, `/v1/markets/{ticker}/orderbook`. */
  readonly route: string
  /** Of the request; GET where nobody says. */
  readonly method?: string
  /** At most so many credits; what it really cost is settled. */
  readonly credits: number
  /** Whether it takes part of the rate: a request does, a further block of it does not. */
  readonly counts: boolean
}

/** How an account's rate stands. */
export type RateWord = {
  /** Requests a second, and how many may come at once. */
  readonly perS: number
  readonly burst: number
  /** Requests that may come now. */
  readonly remaining: number
  /** After so long (ms) it is as if none had come. */
  readonly resetMs: number
}

/** An account's answer. */
export type Admission = {
  /** As the account itself knows it, whatever the edge says. */
  readonly plan: PlanName
  readonly rate: RateWord
  /** Credits that may still be spent this month, what is reserved not counted; overage within its cap included. */
  readonly left: number
} & (
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly code: Extract<
        ApiErrorCode,
        'unauthorized' | 'key_revoked' | 'payment_required' | 'quota_exceeded' | 'rate_limited'
      >
      readonly message: string
      readonly retryAfterMs?: number
    }
)

/** A stream that is open or is to be opened, as its holder tells it. */
export type LeaseAsk = {
  readonly lease: string
  readonly keyId: string
  readonly rev: number
  /** Market-minutes that it has delivered since it was opened: it only grows, so that it may be told again. */
  readonly marketMinutes: number
  /** Markets that it follows now; of one market's stream nobody tells. */
  readonly markets?: number
  /** Who is to hold it, told when it is opened: a market's ticker; null for the account's Gateway. */
  readonly holder?: string | null
}

/** Whether a stream may be opened or may go on; if not, how it is to be closed. */
export type LeaseWord =
  | {
      readonly lease: string
      readonly ok: true
      readonly plan: PlanName
      /** What it allows now, the account's own terms included. */
      readonly streams: StreamLimits
    }
  | {
      readonly lease: string
      readonly ok: false
      readonly code: (typeof STREAM_CLOSE)[
        | 'planForbids'
        | 'keyRevoked'
        | 'tooManyConnections'
        | 'outOfCredits']
      readonly reason: string
    }

/** A lease that is not renewed for so long (ms) is over. */
export const STREAM_LEASE_MS = 90_000
/** Holders renew so often (ms). */
export const STREAM_RENEW_MS = 30_000
