import type { AccountLimits } from '#core/account-word'
import type { Micros } from '#core/instant'
import type { Purse } from './account-purse.ts'
import type { Rate } from './account-rate.ts'
import type { AccountTerms, KnownAccount } from './account-terms.ts'

/** How an account stands now. @param open streams that are open */
export function limitsOf(
  known: KnownAccount,
  accountTerms: AccountTerms,
  purse: Purse,
  rate: Rate,
  open: number,
  nowMs: number,
): AccountLimits {
  const nowUs = (nowMs * 1000) as Micros
  const { fromUs, toUs } = accountTerms.period(nowUs)
  const terms = accountTerms.at(known, nowUs)
  const { plan, included, overage } = terms
  const keys = [...known.keys.values()]
    .map(({ id, month_cap, revoked_us }) => {
      return { id, monthCap: month_cap, used: purse.usedByKey(id), revoked: revoked_us !== null }
    })
    .filter(({ revoked, used }) => !revoked || used > 0)
  return {
    plan: plan.name,
    rate: rate.word(plan.requestsPerS, nowMs),
    fromUs,
    toUs,
    included,
    ...purse.spent,
    left: purse.left(terms),
    overageCap: overage,
    keys: keys.map(({ id, monthCap, used }) => ({ id, monthCap, used })),
    streams: { ...plan.streams, open },
  }
}
