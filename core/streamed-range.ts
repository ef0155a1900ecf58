import type { ApiError } from './api-error.ts'
import type { Micros } from './instant.ts'
import type { Plan } from './plan.ts'

/** Why a plan does not stream a range of time; null when it does. */
export function streamedRangeFault(
  { fromUs, toUs }: { readonly fromUs: Micros; readonly toUs: Micros },
  { streamedRangeUs: most }: Plan,
): ApiError | null {
  if (most === null || toUs - fromUs <= most) return null
  const days = most / 86_400_000_000
  const message = `this plan streams at most ${days} day${days === 1 ? '' : 's'} in one request; give from and to`
  return { code: 'range_too_large', param: 'from', message }
}
