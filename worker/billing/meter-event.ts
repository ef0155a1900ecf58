import type { Env } from '../env.ts'
import { needStripe } from './stripe.ts'

/** What became of a report of usage. */
export type Told =
  | { readonly state: 'sent'; readonly identifier: string }
  /** Stripe did not take it, and will not take it so. */
  | { readonly state: 'refused'; readonly identifier: string }
  | { readonly state: 'failing'; readonly error: unknown }
  | { readonly state: 'parked' | 'too_old' }

/**
 * Tells a meter the running total of an hour, which replaces what it was told of that hour before. Throws what Stripe's
 * package throws.
 * @param atUs an instant of that hour
 */
export async function tellMeter(
  env: Env,
  event: {
    readonly eventName: string
    readonly customer: string
    readonly value: number
    readonly identifier: string
    readonly atUs: number
  },
): Promise<void> {
  const { stripe } = needStripe(env)
  await stripe.billing.meterEvents.create({
    event_name: event.eventName,
    payload: { stripe_customer_id: event.customer, value: String(event.value) },
    identifier: event.identifier,
    timestamp: Math.floor(event.atUs / 1_000_000),
  })
}

/** Whether Stripe has had this very report already: the answer to an earlier try was lost. */
export function isIdentifierKnown(error: unknown): boolean {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown }
  return (
    statusCode === 400 &&
    /identifier/i.test(String(message)) &&
    /exist|already/i.test(String(message))
  )
}
