import { type Micros, printInstant } from '#core/instant'
import { keyStateAt } from '#core/key-state'
import type { KeyRow } from './key-row.ts'

/**
 * A key as our pages are told of it.
 * @param used credits that it has spent this month; null when they cannot be told now
 */
export function showKey(key: KeyRow, used: number | null, nowUs: Micros) {
  const print = (us: Micros | null) => (us === null ? null : printInstant(us))
  return {
    id: key.id,
    name: key.name,
    display: key.display,
    scopes: key.scopes,
    state: keyStateAt(key, nowUs),
    created_ts: printInstant(key.createdUs),
    last_used_ts: print(key.lastUsedUs),
    expires_ts: print(key.expiresUs),
    revoked_ts: print(key.revokedUs),
    month_cap: key.monthCap,
    used_this_month: used,
  }
}
