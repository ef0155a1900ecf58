import { BOOK_CREDITS, marketMinuteCredits, streamCredits } from './credit.ts'
import { PLAN_NAMES, PLANS, type Plan, type PlanName } from './plan.ts'

/** What somebody means to use on each day. */
export type DailyUse = {
  readonly books: number
  /** Records, trades, quotes and candles. */
  readonly rows: number
  /** Minutes in which a market told something on a stream, summed over markets. */
  readonly minutes: number
}

/** What a plan would cost in a month of that. */
export type PlanCost = {
  readonly plan: PlanName
  /** Credits beyond the included ones. */
  readonly over: number
  /** The month's price with its overage; null where no credits beyond the included ones are to be had. */
  readonly cents: number | null
}

export type PlanAdvice = {
  readonly credits: number
  /** Every plan, the smallest first. */
  readonly costs: readonly PlanCost[]
  readonly cheapest: PlanName
}

/** Days of the longest month: what is enough for it is enough for all. */
export const MONTH_DAYS = 31
/** Credits that an overage price is told for. */
const PACK = 100_000

/** The fields of what is asked, in the order in which they are asked. */
export const USE_FIELDS = ['books', 'rows', 'minutes'] as const
export type UseField = (typeof USE_FIELDS)[number]

/** More than any plan is for; sums stay far below 2⁵³. */
const MOST = 1_000_000_000

/** What was typed, read: or the first field at fault, and what is wrong with it. */
export type ReadUse =
  | { readonly ok: true; readonly use: DailyUse }
  | { readonly ok: false; readonly field: UseField; readonly message: string }

/** Reads what somebody typed: digits, with commas, spaces or underscores between them; nothing is 0. */
export function readDailyUse(typed: Readonly<Partial<Record<UseField, string>>>): ReadUse {
  const use = { books: 0, rows: 0, minutes: 0 }
  for (const field of USE_FIELDS) {
    const digits = (typed[field] ?? '').replace(/[\s,_]/g, '')
    if (!/^\d*$/.test(digits)) {
      return { ok: false, field, message: 'must be a whole number of 0 or more' }
    }
    if (Number(digits) > MOST) {
      return { ok: false, field, message: `may be up to ${MOST.toLocaleString('en-US')}` }
    }
    use[field] = Number(digits)
  }
  return { ok: true, use }
}

/** Credits of a month of such days. */
export function monthlyCredits({ books, rows, minutes }: DailyUse): number {
  const daily = books * BOOK_CREDITS + streamCredits('rows', rows) + marketMinuteCredits(minutes)
  return daily * MONTH_DAYS
}

/** What each plan would cost for such days, and which costs least: of two that cost the same the larger, which allows more. */
export function advisePlan(use: DailyUse): PlanAdvice {
  const credits = monthlyCredits(use)
  const costs = PLAN_NAMES.map((name) => costOf(PLANS[name], credits))
  let cheapest = costs[0]
  for (const cost of costs) {
    if (cost.cents === null) continue
    if (cheapest?.cents == null || cost.cents <= cheapest.cents) cheapest = cost
  }
  return { credits, costs, cheapest: cheapest?.plan ?? 'free' }
}

function costOf(plan: Plan, credits: number): PlanCost {
  const over = Math.max(0, credits - plan.credits)
  const { name, monthCents, overageCents } = plan
  if (over === 0) return { plan: name, over, cents: monthCents }
  if (overageCents === null) return { plan: name, over, cents: null }
  return { plan: name, over, cents: monthCents + Math.ceil((over * overageCents) / PACK) }
}
