import type Stripe from 'stripe'
import type { PlanName } from '#core/plan'
import { meterNameOf, SOLD_PLANS } from '#core/price-book'
import { type Notes, SetUpError, sameMode } from './set-up-notes.ts'
import { setUpPrices } from './set-up-prices.ts'
import { METER_EVENTS, PORTAL_MARK, STRIPE_EVENTS } from './set-up-words.ts'
import { STRIPE_API_VERSION } from './stripe-way.ts'

/** What a setup did; the secrets are told by Stripe once, when their endpoint is made. */
export type SetUp = {
  readonly made: readonly string[]
  readonly found: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
}

/**
 * Makes all that we need at Stripe, as far as it is not there: what was cut off is completed by the next run, and another run
 * makes nothing. Throws SetUpError where something there is not as it must be, and what Stripe's package throws.
 * @param publicUrl where we are reached
 */
export async function setUpStripe(
  stripe: Stripe,
  { publicUrl, livemode }: { readonly publicUrl: string; readonly livemode: boolean },
): Promise<SetUp> {
  const notes: Notes = { made: [], found: [], secrets: {} }
  const meters = await setUpMeters(stripe, livemode, notes)
  await setUpPrices(stripe, meters, livemode, notes)
  await setUpPortal(stripe, publicUrl, livemode, notes)
  await setUpWebhook(stripe, `${publicUrl}/stripe/webhook`, livemode, notes)
  await setUpThin(stripe, `${publicUrl}/stripe/meter-events`, livemode, notes)
  return notes
}

async function setUpMeters(
  stripe: Stripe,
  livemode: boolean,
  { made, found }: Notes,
): Promise<ReadonlyMap<PlanName, string>> {
  const { data } = await stripe.billing.meters.list({ status: 'active', limit: 100 })
  const meters = new Map<PlanName, string>()
  for (const { name, title } of SOLD_PLANS) {
    const eventName = meterNameOf(name)
    const before = data.find(({ event_name }) => event_name === eventName)
    if (before !== undefined) {
      sameMode(`the meter ${eventName}`, before, livemode)
      if (!isOurs(before))
        throw new SetUpError(`the meter ${eventName} counts otherwise than we tell`)
      found.push(`meter ${eventName}`)
      meters.set(name, before.id)
      continue
    }
    const meter = await stripe.billing.meters.create({
      display_name: `KalshiBook ${title}: credits beyond the included ones`,
      event_name: eventName,
      default_aggregation: { formula: 'sum' },
      // The latest total of an hour replaces the one before, so that it may be told again at any age.
      event_time_window: 'hour',
      customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
      value_settings: { event_payload_key: 'value' },
    })
    sameMode(`the meter ${eventName}`, meter, livemode)
    made.push(`meter ${eventName}`)
    meters.set(name, meter.id)
  }
  return meters
}

function isOurs(meter: Stripe.Billing.Meter): boolean {
  return (
    meter.default_aggregation.formula === 'sum' &&
    meter.event_time_window === 'hour' &&
    meter.customer_mapping.event_payload_key === 'stripe_customer_id' &&
    meter.value_settings.event_payload_key === 'value'
  )
}

async function setUpPortal(
  stripe: Stripe,
  publicUrl: string,
  livemode: boolean,
  { made, found }: Notes,
): Promise<void> {
  const { data } = await stripe.billingPortal.configurations.list({ active: true, limit: 100 })
  const before = data.find(({ metadata }) => metadata?.['kalshibook'] === PORTAL_MARK)
  const params = {
    features: {
      payment_method_update: { enabled: true },
      invoice_history: { enabled: true },
      subscription_cancel: { enabled: true, mode: 'at_period_end' as const },
      // Plans are changed on our own page, which knows what is paid for.
      subscription_update: { enabled: false },
    },
    default_return_url: `${publicUrl}/dashboard/billing`,
    metadata: { kalshibook: PORTAL_MARK },
  }
  if (before === undefined) {
    const portal = await stripe.billingPortal.configurations.create(params)
    sameMode('the portal configuration', portal, livemode)
    made.push('portal configuration')
    return
  }
  sameMode('the portal configuration', before, livemode)
  const { subscription_cancel: cancel, subscription_update: update } = before.features
  const same =
    cancel.enabled &&
    cancel.mode === 'at_period_end' &&
    !update.enabled &&
    before.features.payment_method_update.enabled &&
    before.features.invoice_history.enabled &&
    before.default_return_url === params.default_return_url
  if (same) {
    found.push('portal configuration')
    return
  }
  await stripe.billingPortal.configurations.update(before.id, params)
  made.push('portal configuration (brought up to date)')
}

async function setUpWebhook(
  stripe: Stripe,
  url: string,
  livemode: boolean,
  { made, found, secrets }: Notes,
): Promise<void> {
  const { data } = await stripe.webhookEndpoints.list({ limit: 100 })
  const before = data.find((endpoint) => endpoint.url === url)
  const events = [...STRIPE_EVENTS]
  if (before === undefined) {
    const endpoint = await stripe.webhookEndpoints.create({
      url,
      enabled_events: events,
      api_version: STRIPE_API_VERSION,
    })
    sameMode('the webhook endpoint', endpoint, livemode)
    made.push(`webhook endpoint ${url}`)
    if (endpoint.secret !== undefined) secrets['STRIPE_WEBHOOK_SECRET'] = endpoint.secret
    return
  }
  sameMode('the webhook endpoint', before, livemode)
  if (before.api_version !== STRIPE_API_VERSION) {
    throw new SetUpError(
      `the webhook endpoint ${url} speaks ${before.api_version}: delete it in the Dashboard and run this again`,
    )
  }
  const sorted = (names: readonly string[]) => names.toSorted().join()
  if (sorted(before.enabled_events) === sorted(events) && before.status === 'enabled') {
    found.push(`webhook endpoint ${url}`)
    return
  }
  await stripe.webhookEndpoints.update(before.id, { enabled_events: events, disabled: false })
  made.push(`webhook endpoint ${url} (brought up to date)`)
}

async function setUpThin(
  stripe: Stripe,
  url: string,
  livemode: boolean,
  { made, found, secrets }: Notes,
): Promise<void> {
  const include = ['webhook_endpoint.url' as const]
  const { data } = await stripe.v2.core.eventDestinations.list({ include, limit: 100 })
  const before = data.find((destination) => destination.webhook_endpoint?.url === url)
  if (before !== undefined) {
    sameMode('the destination of meter errors', before, livemode)
    found.push(`destination of meter errors ${url}`)
    return
  }
  const destination = await stripe.v2.core.eventDestinations.create({
    name: 'KalshiBook: usage that cannot be counted',
    type: 'webhook_endpoint',
    event_payload: 'thin',
    enabled_events: [...METER_EVENTS],
    webhook_endpoint: { url },
    include: ['webhook_endpoint.signing_secret'],
  })
  sameMode('the destination of meter errors', destination, livemode)
  made.push(`destination of meter errors ${url}`)
  const secret = destination.webhook_endpoint?.signing_secret
  if (secret !== undefined) secrets['STRIPE_METER_WEBHOOK_SECRET'] = secret
}
