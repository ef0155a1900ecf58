import Stripe from 'stripe'
import { type Env, settingsOf } from '../env.ts'
import { perEnv } from '../per-env.ts'
import { type StripeWay, wayTo } from './stripe-way.ts'

/** Stripe cannot be reached, or there is no usable key. */
export class StripeAwayError extends Error {
  readonly code = 'stripe_away'
  readonly retryable = true
}

/** Stripe as the settings tell it; refused where key, host and our own address do not belong together. */
export const stripeOf = perEnv((env): StripeWay => {
  const { STRIPE_SECRET_KEY, STRIPE_API_URL, PUBLIC_URL } = settingsOf(env)
  const way = wayTo(STRIPE_SECRET_KEY, STRIPE_API_URL, PUBLIC_URL)
  if (!way.ok) console.warn(JSON.stringify({ event: 'stripe_off', why: way.why }))
  return way
})

/** Stripe, for code that has nothing to do without it. Throws StripeAwayError. */
export function needStripe(env: Env): { readonly stripe: Stripe; readonly livemode: boolean } {
  const way = stripeOf(env)
  if (!way.ok) throw new StripeAwayError(way.why)
  return way
}

/** Whether a call may be done or not, which nobody knows: no answer came, or one that says that Stripe itself failed. */
export function isStripeAway(error: unknown): boolean {
  if (error instanceof StripeAwayError) return true
  if (!(error instanceof Stripe.errors.StripeError)) return false
  const status = error.statusCode
  return status === undefined || status >= 500 || status === 429 || status === 409 || status === 401
}

/** Whether Stripe answered that it failed: it answers so again for the same key. */
export function isStripeFault(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500
}

/** Whether it is an answer, or no answer, of Stripe's. */
export function isStripeError(error: unknown): boolean {
  return error instanceof StripeAwayError || error instanceof Stripe.errors.StripeError
}
