import { PLAN_NAMES, PLANS, type Plan, type PlanName } from './plan.ts'

/** What a price of ours is for: a month of a plan, or what is used beyond its included credits. */
export type PriceUse = { readonly plan: PlanName; readonly kind: 'month' | 'overage' }

/** A price as Stripe must hold it; `cents` of a month, or of 100,000 credits. */
export type WantedPrice = PriceUse & { readonly lookupKey: string; readonly cents: number }

/** Prices cannot be changed: another amount in core/plan.ts needs another version here, and a run of `npm run stripe:setup`. */
export const PRICE_VERSION = '2026_11'

const KEY = /^kalshibook_([a-z]+)_(month|overage)_\d{4}_\d{2}$/

/** The plans that are sold, the smallest first. */
export const SOLD_PLANS: readonly Plan[] = PLAN_NAMES.map((name) => PLANS[name]).filter(
  ({ monthCents }) => monthCents > 0,
)

/** The name that a price goes by at Stripe. */
export function lookupKeyOf({ plan, kind }: PriceUse): string {
  return `kalshibook_${plan}_${kind}_${PRICE_VERSION}`
}

/** What the price of a lookup key is for, of whatever version; null for none of ours. */
export function priceUseOf(lookupKey: string | null): PriceUse | null {
  const [, name, kind] = KEY.exec(lookupKey ?? '') ?? []
  const plan = SOLD_PLANS.find((each) => each.name === name)
  if (plan === undefined || (kind !== 'month' && kind !== 'overage')) return null
  return { plan: plan.name, kind }
}

/** The name under which the usage of a plan is told to Stripe. */
export function meterNameOf(plan: PlanName): string {
  return `kalshibook_overage_${plan}`
}

/** Every price that there must be. */
export function wantedPrices(): WantedPrice[] {
  return SOLD_PLANS.flatMap(({ name: plan, monthCents, overageCents }) => {
    const month = { plan, kind: 'month' } as const
    const overage = { plan, kind: 'overage' } as const
    return [
      { ...month, lookupKey: lookupKeyOf(month), cents: monthCents },
      ...(overageCents === null
        ? []
        : [{ ...overage, lookupKey: lookupKeyOf(overage), cents: overageCents }]),
    ]
  })
}

/** The price of one credit in cents, exactly: `0.008` for $8 the 100,000. */
export function creditPriceOf(cents: number): string {
  const digits = String(cents).padStart(6, '0')
  const whole = digits.slice(0, -5)
  return `${whole}.${digits.slice(-5)}`.replace(/\.?0+$/, '')
}

/** Whether two decimal numbers are the same, however they are written. */
export function sameDecimal(a: string, b: string): boolean {
  const plain = (text: string) => {
    const [whole = '', part = ''] = text.split('.')
    return `${whole.replace(/^0+(?=\d)/, '')}.${part.replace(/0+$/, '')}`
  }
  return plain(a) === plain(b)
}

/** Where a plan stands among the others: the larger, the more it lets. */
export function rankOf(plan: PlanName): number {
  return PLAN_NAMES.indexOf(plan)
}
