import Stripe from 'stripe'
import { onTestFinished } from 'vitest'
import { type StripeOptions, type StripeStandIn, startStripe } from '../../local/stripe/stripe.ts'

/** A stand-in that ends with the test, and Stripe's own package before it. */
export async function stripeRig(
  options: StripeOptions = {},
): Promise<{ stripe: Stripe; standIn: StripeStandIn }> {
  const standIn = await startStripe({ atS: seconds('2026-11-10'), ...options })
  onTestFinished(() => standIn.stop())
  return { standIn, stripe: connect(standIn) }
}

/** Stripe's package before a stand-in. @param key another key than its own */
export function connect(standIn: StripeStandIn, key = standIn.secretKey): Stripe {
  const { hostname: host, port } = new URL(standIn.url)
  return new Stripe(key, {
    host,
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(),
  })
}

/** The second of a date. */
export function seconds(date: string): number {
  return Date.parse(date.includes('T') ? date : `${date}T00:00:00Z`) / 1000
}

export type Offer = { readonly month: string; readonly overage: string; readonly meter: string }

/** A plan as ours are: a month's price and one for each credit beyond the included ones. */
export async function offer(
  stripe: Stripe,
  name: string,
  cents: number,
  perCredit: string,
): Promise<Offer> {
  const product = await stripe.products.create({ name })
  const meter = await stripe.billing.meters.create({
    display_name: name,
    event_name: `kalshibook_overage_${name}`,
    default_aggregation: { formula: 'sum' },
    event_time_window: 'hour',
  })
  const common = { product: product.id, currency: 'usd' }
  const month = await stripe.prices.create({
    ...common,
    unit_amount: cents,
    recurring: { interval: 'month' },
    lookup_key: `${name}_month_1`,
  })
  const overage = await stripe.prices.create({
    ...common,
    unit_amount_decimal: Stripe.Decimal.from(perCredit),
    recurring: { interval: 'month', usage_type: 'metered', meter: meter.id },
    lookup_key: `${name}_overage_1`,
  })
  return { month: month.id, overage: overage.id, meter: meter.event_name }
}

/** A customer who has gone through a checkout. @returns its id and its subscription's */
export async function subscribed(
  stripe: Stripe,
  standIn: StripeStandIn,
  { month, overage }: Offer,
): Promise<{ customer: string; subscription: Stripe.Subscription }> {
  const { id: customer } = await stripe.customers.create({ email: 'who@example.test' })
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer,
    line_items: [{ price: month, quantity: 1 }, { price: overage }],
    success_url: 'https://example.test/done?{CHECKOUT_SESSION_ID}',
    subscription_data: { billing_cycle_anchor: seconds('2026-12-01') },
  })
  standIn.control('pay', { session: session.id, outcome: 'pay' })
  const { data } = await stripe.subscriptions.list({ customer })
  const [subscription] = data
  if (subscription === undefined) throw new Error('there is no subscription')
  return { customer, subscription }
}
