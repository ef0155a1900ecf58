import { PLANS } from '#core/plan'
import { advisePlan, type DailyUse, MONTH_DAYS } from '#core/plan-advice'
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
        ? `${count(over)} credits too few, and none to be bought`
        : over === 0
          ? 'all included'
          : `with ${count(over)} credits of overage`,
  }))
  const { price = '' } = words.find(({ plan }) => plan === cheapest) ?? {}
  return {
    credits: count(credits),
    cheapest,
    sentence: `${count(credits)} credits in a month of ${MONTH_DAYS} days. ${PLANS[cheapest].title} costs least: ${price} a month.`,
    costs: words,
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
