import { z } from 'zod'

/** An empty variable is none. */
const given = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === '' ? null : text))

const variables = z.object({ STRIPE_SECRET_KEY: given, STRIPE_API_URL: given, PUBLIC_URL: given })

/** How Stripe is reached from a command, and where we are ourselves. */
export type StripeSettings = {
  readonly secretKey: string | null
  readonly apiUrl: string | null
  readonly publicUrl: string
}

/** Reads what a command needs to reach Stripe. */
export function stripeSettings(environment: Record<string, string | undefined>): StripeSettings {
  const { STRIPE_SECRET_KEY, STRIPE_API_URL, PUBLIC_URL } = variables.parse(environment)
  return {
    secretKey: STRIPE_SECRET_KEY,
    apiUrl: STRIPE_API_URL,
    publicUrl: (PUBLIC_URL ?? '').replace(/\/$/, ''),
  }
}
