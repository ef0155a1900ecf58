import type { Admission } from '#core/admission'
import type { ApiError } from '#core/api-error'
import type { PlanName } from '#core/plan'
import type { RateState } from '#core/rate-field'

/** Whether a request may go on, and how its account stands. */
export type Admitted = {
  /** Null where nobody could say. */
  readonly rate: RateState | null
  /** Credits that may still be spent when what is reserved is; null where nobody could say. */
  readonly left: number | null
} & (
  | { readonly ok: true; readonly plan: PlanName }
  | { readonly ok: false; readonly error: ApiError }
)

/** How an account's rate stands, as its headers tell it. */
export function rateOf({ rate }: Pick<Admission, 'rate'>): RateState {
  const { perS, burst, remaining, resetMs } = rate
  const windowMs = (burst / perS) * 1000
  return { policy: 'plan', most: burst, windowMs, remaining, resetMs }
}
