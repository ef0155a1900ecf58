import type { Env } from '../env.ts'
import { settingsOf } from '../env.ts'

/** Where Stripe’s pages are: a form of ours leads on to them. */
export function stripeOrigins(env: Env): readonly string[] {
  const { STRIPE_API_URL } = settingsOf(env)
  if (STRIPE_API_URL !== null) return [new URL(STRIPE_API_URL).origin]
  return ['https://checkout.stripe.com', 'https://billing.stripe.com']
}
