import { PLANS } from '#core/plan'
import { advisePlan, type DailyUse, MONTH_DAYS } from '#core/plan-advice'
import { printCount } from './print-count.ts'
import { printDollars } from './print-dollars.ts'

/** What a plan would cost, for people. */
export type CostWords = {
  readonly plan: string
  readonly title: string
  readonly price: string
  readonly why: string
}

/** What somebody who uses so much is told. */
export type AdviceWords = {
  readonly credits: string
  readonly cheapest: string
  readonly sentence: string
  readonly costs: readonly CostWords[]
}

/** Says which plan costs least for such days, and what each would cost. */
export function adviceWords(use: DailyUse): AdviceWords {
  const { credits, costs, cheapest } = advisePlan(use)
  const words = costs.map(({ plan, over, cents }) => ({
    plan,
    title: PLANS[plan].title,
    price: cents === null ? '–' : printDollars(cents),
    why:
      cents === null
        ? `${printCount(over)} credits too few, and none to be bought`
        : over === 0
          ? 'all included'
          : `with ${printCount(over)} credits of overage`,
  }))
  const { price = '' } = words.find(({ plan }) => plan === cheapest) ?? {}
  return {
    credits: printCount(credits),
    cheapest,
    sentence: `${printCount(credits)} credits in a month of ${MONTH_DAYS} days. ${PLANS[cheapest].title} costs least: ${price} a month.`,
    costs: words,
  }
}
