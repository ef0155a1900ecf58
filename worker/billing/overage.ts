import type { ApiError } from '#core/api-error'
import type { Micros } from '#core/instant'
import { planOf } from '#core/plan'
import { accountChanged } from '../account/account-changed.ts'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { audit, readBilled } from './billing-store.ts'

/** What an account may spend beyond its plan in a month, cents; null for nothing. */
export type CapAnswer =
  | { readonly ok: true; readonly capCents: number | null }
  | { readonly ok: false; readonly error: ApiError }

/**
 * Turns overage on, with so many cents a month at the most, or off (null). Until an invoice was paid it is one month's price at
 * the most. Throws DatabaseAwayError.
 * @param capCents a whole number from 0 to 1,000,000
 */
export async function setOverageCap(
  env: Env,
  accountId: string,
  capCents: number | null,
  nowUs: Micros,
): Promise<CapAnswer> {
  const answer = await withAccounts(env, (sql) =>
    sql.begin(async (tx): Promise<CapAnswer> => {
      const [row] = await tx`
        select kb.plan_at(id, ${nowUs}) as plan from kb.accounts where id = ${accountId} for update`
      const account = await readBilled(tx, accountId)
      if (row === undefined || account === null || account.closed) return refused('no such account')
      const { overageCents, monthCents, title } = planOf(row['plan'])
      if (capCents !== null && overageCents === null) {
        return refused(`the plan ${title} has no overage`)
      }
      if (capCents !== null && !account.paidOnce && capCents > monthCents) {
        return refused(`must be $${monthCents / 100} at most until an invoice was paid`)
      }
      if (capCents === account.capCents) return { ok: true, capCents }
      await tx`update kb.accounts set overage_cap_cents = ${capCents} where id = ${accountId}`
      const detail = { from: account.capCents, to: capCents }
      await audit(tx, accountId, 'person', 'overage_cap', detail, nowUs)
      await tx`select kb.account_changed(${accountId}, ${nowUs})`
      return { ok: true, capCents }
    }),
  )
  if (answer.ok) await accountChanged(env, accountId)
  return answer
}

function refused(message: string): CapAnswer {
  return { ok: false, error: { code: 'invalid_param', param: 'cap_cents', message } }
}
