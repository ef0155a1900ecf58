/** What an answer was, as its request is settled. */
export type CallEnd = {
  /** The HTTP status; BROKE_OFF for a stream that ended before its last row. */
  readonly status: number
  /** From the request’s coming to its end, ms. */
  readonly ms: number
}

/** In place of a status: the answer had begun with 200, and did not come to its end. */
export const BROKE_OFF = 0

/** A call, as its account remembers it: never with what was asked of the route, nor with the key’s text. */
export type LoggedCall = {
  readonly requestId: string
  readonly atMs: number
  readonly keyId: string
  readonly method: string
  /** As it is described, `/v1/markets/{ticker}/orderbook`; `other` for an address where nothing is. */
  readonly route: string
  /** lost: nobody told within a minute how it ended; it cost nothing. */
  readonly state: 'open' | 'settled' | 'lost' | 'refused'
  /** As of CallEnd; null while it is under way, and where nobody told. */
  readonly status: number | null
  readonly credits: number
  /** null as the status. */
  readonly ms: number | null
}

/** How calls end: as asked; refused for what was asked (4xx); failed by us or on the way; not yet. */
export const CALL_OUTCOMES = ['answered', 'refused', 'failed', 'open'] as const
export type CallOutcome = (typeof CALL_OUTCOMES)[number]

/** How a call has ended. */
export function outcomeOf({ state, status }: Pick<LoggedCall, 'state' | 'status'>): CallOutcome {
  if (state === 'open') return 'open'
  if (state === 'refused') return 'refused'
  if (state === 'lost' || status === BROKE_OFF || (status ?? 0) >= 500) return 'failed'
  return (status ?? 0) >= 400 ? 'refused' : 'answered'
}

/** Which calls are looked for; null for any. */
export type CallsAsked = {
  readonly outcome: CallOutcome | null
  readonly keyId: string | null
  /** Counted from 1. */
  readonly page: number
}

/** Calls of one page. */
export const CALLS_OF_A_PAGE = 100

/** One page of the calls that are looked for, how many there are in all, and on how many pages: 1 at the least. */
export function pageOfCalls(
  calls: readonly LoggedCall[],
  { outcome, keyId, page }: CallsAsked,
): { readonly calls: readonly LoggedCall[]; readonly total: number; readonly pages: number } {
  const found = calls.filter(
    (call) =>
      (outcome === null || outcomeOf(call) === outcome) && (keyId === null || call.keyId === keyId),
  )
  const begin = (page - 1) * CALLS_OF_A_PAGE
  return {
    calls: found.slice(begin, begin + CALLS_OF_A_PAGE),
    total: found.length,
    pages: Math.max(1, Math.ceil(found.length / CALLS_OF_A_PAGE)),
  }
}
