import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import type { PlanName } from '#core/plan'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { audit, readBilled } from './billing-store.ts'
import { type Progress, pursue } from './pursue.ts'
import { isStripeAway } from './stripe.ts'
import { makeWish } from './wish-store.ts'

export type PlanAnswer =
  | {
      readonly ok: true
      /** `later`: Stripe cannot be asked now; it is gone on with by itself. */
      readonly state: 'reached' | 'to_pay' | 'later'
    }
  | { readonly ok: false; readonly error: ApiError }

/**
 * Brings an account to another plan: to a larger one when its invoice is paid, to a smaller one (`free`: none) at the period's
 * end; the plan that it is on takes back what was agreed. What cannot be done now is gone on with by the schedule.
 * Throws DatabaseAwayError.
 */
export async function changePlan(
  env: Env,
  accountId: string,
  plan: PlanName,
  nowUs: Micros,
): Promise<PlanAnswer> {
  const customer = await withAccounts(env, (sql) =>
    sql.begin(async (tx) => {
      const account = await readBilled(tx, accountId)
      if (account === null || account.customer === null || account.closed) return null
      await makeWish(tx, accountId, plan, nowUs)
      await audit(tx, accountId, 'person', 'plan_wanted', { plan }, nowUs)
      return account.customer
    }),
  )
  if (customer === null) return { ok: false, error: NO_SUBSCRIPTION }
  try {
    return answerTo(await pursue(env, accountId, nowUs))
  } catch (error) {
    if (!isStripeAway(error)) throw error
    return { ok: true, state: 'later' }
  }
}

const NO_SUBSCRIPTION: ApiError = {
  code: 'invalid_param',
  param: 'plan',
  message: 'this account has no subscription yet: subscribe by POST /account/checkout',
}

function answerTo({ kind }: Progress): PlanAnswer {
  switch (kind) {
    case 'reached':
    case 'idle':
      return { ok: true, state: 'reached' }
    case 'to_pay':
      return { ok: true, state: 'to_pay' }
    case 'needs_checkout':
      return { ok: false, error: NO_SUBSCRIPTION }
    case 'unpaid':
      return refused('an invoice is unpaid: pay it first')
    case 'not_paid':
      return refused('the invoice was not paid: the plan stays as it is')
  }
}

function refused(message: string): PlanAnswer {
  return { ok: false, error: { code: 'payment_required', message } }
}
