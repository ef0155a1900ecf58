import type { Context } from 'hono'
import { z } from 'zod'
import type { App } from '../context.ts'
import { type OwnError, ownCall } from './own-call.ts'

/** A key as `/account/keys` tells of it. */
const shownKey = z.object({
  id: z.string(),
  name: z.string(),
  display: z.string(),
  scopes: z.array(z.string()),
  state: z.enum(['active', 'expired', 'revoked']),
  created_ts: z.string(),
  last_used_ts: z.string().nullable(),
  expires_ts: z.string().nullable(),
  revoked_ts: z.string().nullable(),
  month_cap: z.int().nullable(),
  used_this_month: z.int().nullable(),
})
export type ShownKey = z.infer<typeof shownKey>

/** A key that was made now: its text is told this once. */
export const madeKey = shownKey.extend({
  key: z.string(),
  replaces: shownKey.optional(),
})
export type MadeKey = z.infer<typeof madeKey>

export type KeysAnswer =
  | { readonly ok: true; readonly keys: readonly ShownKey[] }
  | { readonly ok: false; readonly error: OwnError }

/** The keys of who is signed in, those that work first. */
export async function readKeys(c: Context<App>): Promise<KeysAnswer> {
  const answer = await ownCall(c, '/account/keys')
  return answer.ok ? { ok: true, keys: z.array(shownKey).parse(answer.data) } : answer
}
