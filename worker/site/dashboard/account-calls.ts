import type { Context } from 'hono'
import { z } from 'zod'
import { CALL_OUTCOMES, type CallOutcome } from '#core/call-log'
import type { App } from '../../context.ts'
import { type OwnError, ownCall } from '../own-call.ts'

/** A call as `/account/requests` tells of it. */
const shownCall = z.object({
  request_id: z.string(),
  ts: z.string(),
  key: z.string(),
  method: z.string(),
  route: z.string(),
  outcome: z.enum(CALL_OUTCOMES),
  status: z.int().nullable(),
  broke_off: z.boolean(),
  lost: z.boolean(),
  credits: z.int(),
  ms: z.number().nullable(),
})
export type ShownCall = z.infer<typeof shownCall>

const shownCalls = z.object({
  calls: z.array(shownCall),
  total: z.int(),
  page: z.int(),
  pages: z.int(),
})
export type ShownCalls = z.infer<typeof shownCalls>

/** Which calls a page shows; null for any. */
export type CallsView = {
  readonly outcome: CallOutcome | null
  readonly key: string | null
  readonly page: number
}

/** Reads it of a query; what it does not know is as if it were not there. */
export function readCallsView(query: (name: string) => string | undefined): CallsView {
  const outcome = CALL_OUTCOMES.find((each) => each === query('outcome')) ?? null
  const key = /^[\w:-]{1,64}$/.test(query('key') ?? '') ? (query('key') ?? null) : null
  const page = /^(?:[1-9]|10)$/.test(query('page') ?? '') ? Number(query('page')) : 1
  return { outcome, key, page }
}

/** A view as a query, with its question mark; nothing for all that there is. */
export function printCallsView({ outcome, key, page }: CallsView): string {
  const query = new URLSearchParams({
    ...(outcome === null ? {} : { outcome }),
    ...(key === null ? {} : { key }),
    ...(page === 1 ? {} : { page: String(page) }),
  })
  return query.size === 0 ? '' : `?${query}`
}

export type CallsAnswer =
  | { readonly ok: true; readonly shown: ShownCalls }
  | { readonly ok: false; readonly error: OwnError }

/** The last calls of the account of who is signed in. */
export async function readCalls(c: Context<App>, view: CallsView): Promise<CallsAnswer> {
  const answer = await ownCall(c, `/account/requests${printCallsView(view)}`)
  return answer.ok ? { ok: true, shown: shownCalls.parse(answer.data) } : answer
}
