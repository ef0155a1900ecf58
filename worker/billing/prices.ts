import type Stripe from 'stripe'
import type { PlanName } from '#core/plan'
import { lookupKeyOf, type PriceUse, priceUseOf } from '#core/price-book'
import type { Env } from '../env.ts'
import { needStripe, StripeAwayError } from './stripe.ts'

/** Stripe's prices of ours by id, old ones too. */
export type Prices = {
  useOf(priceId: string): PriceUse | null
  /** The price that is sold now. Throws StripeAwayError while there is none: `npm run stripe:setup` makes them. */
  sold(use: PriceUse): string
}

/** They change with a deployment, and a new one is looked for when it is met. */
const KEPT_MS = 600_000
const MOST_PAGES = 10

const kept = new WeakMap<Env, { readonly prices: Prices; readonly atMs: number }>()

/**
 * The prices as they were at most ten minutes ago. Throws what Stripe's package throws.
 * @param known whether all that is asked for is in what is kept; if not, they are read anew
 */
export async function pricesOf(
  env: Env,
  known: (prices: Prices) => boolean = () => true,
): Promise<Prices> {
  const before = kept.get(env)
  if (before !== undefined && Date.now() - before.atMs < KEPT_MS && known(before.prices)) {
    return before.prices
  }
  const prices = await readPrices(env)
  kept.set(env, { prices, atMs: Date.now() })
  return prices
}

/** Has them read anew: one was not there any more. */
export function forgetPrices(env: Env): void {
  kept.delete(env)
}

async function readPrices(env: Env): Promise<Prices> {
  const { stripe, livemode } = needStripe(env)
  const uses = new Map<string, PriceUse>()
  const sold = new Map<string, string>()
  for (let page = 0, after: string | null = null; page < MOST_PAGES; page++) {
    const from: Stripe.PriceListParams = after === null ? {} : { starting_after: after }
    const { data, has_more } = await stripe.prices.list({ limit: 100, ...from })
    for (const price of data) {
      const use = priceUseOf(price.lookup_key)
      if (use === null || price.livemode !== livemode) continue
      uses.set(price.id, use)
      if (price.active && price.lookup_key === lookupKeyOf(use))
        sold.set(price.lookup_key, price.id)
    }
    after = data.at(-1)?.id ?? null
    if (!has_more || after === null) break
  }
  return {
    useOf: (priceId) => uses.get(priceId) ?? null,
    sold(use) {
      const id = sold.get(lookupKeyOf(use))
      if (id === undefined) throw new StripeAwayError(`no price ${lookupKeyOf(use)}`)
      return id
    },
  }
}

/** Both prices of a plan that is sold. Throws as pricesOf does, and StripeAwayError while Stripe has none. */
export async function soldPrices(
  env: Env,
  plan: PlanName,
): Promise<{ readonly month: string; readonly overage: string }> {
  const prices = await pricesOf(env)
  return {
    month: prices.sold({ plan, kind: 'month' }),
    overage: prices.sold({ plan, kind: 'overage' }),
  }
}
