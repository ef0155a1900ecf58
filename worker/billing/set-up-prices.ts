import Stripe from 'stripe'
import type { PlanName } from '#core/plan'
import { planOf } from '#core/plan'
import {
  creditPriceOf,
  SOLD_PLANS,
  sameDecimal,
  type WantedPrice,
  wantedPrices,
} from '#core/price-book'
import { type Notes, SetUpError, sameMode } from './set-up-notes.ts'

/**
 * Makes a product for each plan, a monthly price and a price of what is used beyond it, where they are not there.
 * Throws SetUpError when a price is there and is another one: prices cannot be changed.
 */
export async function setUpPrices(
  stripe: Stripe,
  meters: ReadonlyMap<PlanName, string>,
  livemode: boolean,
  notes: Notes,
): Promise<void> {
  const wanted = wantedPrices()
  const before = await stripe.prices.list({
    lookup_keys: wanted.map(({ lookupKey }) => lookupKey),
    limit: 100,
  })
  const products = await setUpProducts(stripe, livemode, notes)
  for (const price of wanted) {
    const there = before.data.find(({ lookup_key }) => lookup_key === price.lookupKey)
    const meter = meters.get(price.plan) ?? ''
    if (there === undefined) {
      const product = products.get(price.plan) ?? ''
      const made = await stripe.prices.create(paramsOf(price, product, meter))
      sameMode(`the price ${price.lookupKey}`, made, livemode)
      notes.made.push(`price ${price.lookupKey}`)
      continue
    }
    sameMode(`the price ${price.lookupKey}`, there, livemode)
    const problem = problemOf(there, price, meter)
    if (problem !== null) {
      throw new SetUpError(
        `the price ${price.lookupKey} ${problem}, and cannot be changed: give PRICE_VERSION in core/price-book.ts another value`,
      )
    }
    notes.found.push(`price ${price.lookupKey}`)
  }
}

async function setUpProducts(
  stripe: Stripe,
  livemode: boolean,
  { made, found }: Notes,
): Promise<ReadonlyMap<PlanName, string>> {
  const { data } = await stripe.products.list({ active: true, limit: 100 })
  const products = new Map<PlanName, string>()
  for (const { name, title } of SOLD_PLANS) {
    const before = data.find(({ metadata }) => metadata['kalshibook_plan'] === name)
    const product =
      before ??
      (await stripe.products.create({
        name: `KalshiBook ${title}`,
        metadata: { kalshibook_plan: name },
      }))
    sameMode(`the product of ${title}`, product, livemode)
    ;(before === undefined ? made : found).push(`product ${product.name}`)
    products.set(name, product.id)
  }
  return products
}

function paramsOf(price: WantedPrice, product: string, meter: string): Stripe.PriceCreateParams {
  const common = { product, currency: 'usd', lookup_key: price.lookupKey }
  const { title } = planOf(price.plan)
  switch (price.kind) {
    case 'month':
      return {
        ...common,
        nickname: `${title}, a month`,
        unit_amount: price.cents,
        recurring: { interval: 'month', usage_type: 'licensed' },
      }
    case 'overage':
      return {
        ...common,
        nickname: `${title}, a credit beyond the included ones`,
        unit_amount_decimal: Stripe.Decimal.from(creditPriceOf(price.cents)),
        recurring: { interval: 'month', usage_type: 'metered', meter },
      }
  }
}

/** How a price that is there differs from the one that is wanted; null when it does not. */
function problemOf(there: Stripe.Price, price: WantedPrice, meter: string): string | null {
  const wanted = price.kind === 'month' ? String(price.cents) : creditPriceOf(price.cents)
  const amount = there.unit_amount_decimal?.toString() ?? String(there.unit_amount)
  if (there.currency !== 'usd' || !sameDecimal(amount, wanted)) {
    return `is ${amount} cents, not ${wanted}`
  }
  if (there.recurring?.interval !== 'month') return 'is not monthly'
  const metered = price.kind === 'overage'
  if (there.recurring.usage_type !== (metered ? 'metered' : 'licensed')) return 'is of another kind'
  if (metered && there.recurring.meter !== meter) return 'is of another meter'
  return there.active ? null : 'is archived'
}
