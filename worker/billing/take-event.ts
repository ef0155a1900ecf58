import Stripe from 'stripe'
import { z } from 'zod'
import type { Micros } from '#core/instant'
import { type Env, settingsOf } from '../env.ts'
import { type StripeEvent, takeIn } from './inbox.ts'
import { stripeOf } from './stripe.ts'
import { STRIPE_API_VERSION } from './stripe-way.ts'

/** More than any event of Stripe's has. */
export const MOST_EVENT_BYTES = 262_144
/** How far a signature's time may lie from ours, s; Stripe's package refuses the past alone. */
export const TOLERANCE_S = 300

/** What became of a webhook. */
export type Taken =
  | { readonly kind: 'taken' }
  | { readonly kind: 'off' }
  | { readonly kind: 'refused'; readonly why: string }

/** What we read of an event; what it says beyond that is asked for anew. */
const told = z.object({
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  livemode: z.boolean(),
  api_version: z.string().nullable(),
  account: z.string().optional(),
  data: z.object({
    object: z.object({
      object: z.string(),
      id: z.string().optional(),
      customer: z.union([z.string(), z.object({ id: z.string() }), z.null()]).optional(),
    }),
  }),
})

/**
 * Takes a webhook: the signature of its raw body, its time and its mode are verified before anything of it is believed.
 * Throws when it cannot be dealt with now: Stripe sends it again.
 */
export async function takeEvent(
  env: Env,
  body: string,
  signature: string | null,
  nowUs: Micros,
): Promise<Taken> {
  const { STRIPE_WEBHOOK_SECRET } = settingsOf(env)
  const way = stripeOf(env)
  if (STRIPE_WEBHOOK_SECRET === null || !way.ok) return { kind: 'off' }
  const found = await verified(way.stripe, body, signature, STRIPE_WEBHOOK_SECRET)
  if (!found.ok) return refused(found.why)
  const parsed = told.safeParse(found.event)
  if (!parsed.success) return refused('not an event')
  const { livemode, api_version, account } = parsed.data
  if (livemode !== way.livemode) return refused('of another mode')
  if (api_version !== STRIPE_API_VERSION) return refused('of another API version')
  if (account !== undefined) return refused('of another account')
  await takeIn(env, eventOf(parsed.data), nowUs)
  return { kind: 'taken' }
}

function eventOf({ id, type, data }: z.infer<typeof told>): StripeEvent {
  const { object } = data
  const named = object.customer ?? null
  const customer = typeof named === 'object' ? (named?.id ?? null) : named
  const itself = object.object === 'customer' ? (object.id ?? null) : null
  return { id, type, customer: customer ?? itself, object: object.id ?? null }
}

/**
 * What is wrong with the time of a signature; null when it is of now. Stripe's package accepts any time that lies ahead.
 */
export function timeFault(signature: string): string | null {
  const atS = Number(/(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature)?.[1] ?? Number.NaN)
  return Math.abs(atS - Date.now() / 1000) <= TOLERANCE_S ? null : 'of another time'
}

/** The event of a body that is signed, and signed now; or what is wrong with it. */
async function verified(
  stripe: Stripe,
  body: string,
  signature: string | null,
  secret: string,
): Promise<{ ok: true; event: unknown } | { ok: false; why: string }> {
  if (signature === null) return { ok: false, why: 'no signature' }
  const late = timeFault(signature)
  if (late !== null) return { ok: false, why: late }
  try {
    const crypto = Stripe.createSubtleCryptoProvider()
    const { webhooks } = stripe
    const event = await webhooks.constructEventAsync(body, signature, secret, TOLERANCE_S, crypto)
    return { ok: true, event }
  } catch (error) {
    return { ok: false, why: wordOf(error) }
  }
}

/** What is wrong with a webhook that Stripe's package does not take. Throws what is no fault of the webhook's. */
export function wordOf(error: unknown): string {
  if (error instanceof Stripe.errors.StripeSignatureVerificationError) return 'forged'
  if (error instanceof SyntaxError) return 'not an event'
  throw error
}

/** Says in the log that a webhook was refused. */
export function refused(why: string): Taken {
  console.warn(JSON.stringify({ event: 'stripe_webhook_refused', why }))
  return { kind: 'refused', why }
}
