import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { earliestRead, historyFault, isReadByAll } from '#core/history-bound'
import type { Micros } from '#core/instant'
import { planOf } from '#core/plan'
import { VISITOR_HISTORY_US } from '#core/visitor-bounds'
import type { App } from '../context.ts'
import { nowUs } from '../now.ts'

/** Why the caller's plan does not read an instant; null when it does. Only where plans differ is the account's word waited for. */
export async function instantFault(
  c: Context<App>,
  us: Micros,
  param: string,
): Promise<ApiError | null> {
  const now = nowUs()
  if (isReadByAll(us, now)) return null
  const admitted = await c.get('meter').admitted()
  return admitted.ok ? historyFault(us, param, planOf(admitted.plan), now) : admitted.error
}

/** Where a list begins, or why the caller's plan does not read it. */
export type ReadFrom =
  | { readonly ok: true; readonly from: Micros | undefined }
  | { readonly ok: false; readonly error: ApiError }

/** Where a list of a range begins: as it is asked, or, where nothing is, with the first that the caller's plan reads. */
export async function readFrom(
  c: Context<App>,
  { from, to }: { readonly from?: Micros | undefined; readonly to?: Micros | undefined },
): Promise<ReadFrom> {
  const now = nowUs()
  if (from !== undefined && isReadByAll(from, now)) return { ok: true, from }
  if (c.get('caller').kind === 'visitor' && from === undefined) {
    return { ok: true, from: (now - VISITOR_HISTORY_US) as Micros }
  }
  const admitted = await c.get('meter').admitted()
  if (!admitted.ok) return admitted
  const plan = planOf(admitted.plan)
  const [named, param] = from !== undefined ? [from, 'from'] : [to ?? now, 'to']
  const error = historyFault(named, param, plan, now)
  if (error !== null) return { ok: false, error }
  return { ok: true, from: from ?? earliestRead(plan, now) ?? undefined }
}
