import Stripe from 'stripe'
import { z } from 'zod'
import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import { type Env, settingsOf } from '../env.ts'
import { noteRefused } from './report-store.ts'
import { needStripe, stripeOf } from './stripe.ts'
import { refused, type Taken, TOLERANCE_S, timeFault, wordOf } from './take-event.ts'

const notification = z.object({ id: z.string(), type: z.string(), livemode: z.boolean() })

const report = z.object({
  data: z.object({
    reason: z.object({
      error_types: z.array(
        z.object({
          code: z.string(),
          error_count: z.number(),
          sample_errors: z
            .array(z.object({ request: z.object({ identifier: z.string() }).partial() }))
            .default([]),
        }),
      ),
    }),
  }),
})

/**
 * Takes a thin event of Stripe's about usage that it could not count: what it was about is told again later, and said in the log.
 * Throws when it cannot be dealt with now: Stripe sends it again.
 */
export async function takeMeterEvent(
  env: Env,
  body: string,
  signature: string | null,
  nowUs: Micros,
): Promise<Taken> {
  const { STRIPE_METER_WEBHOOK_SECRET: secret } = settingsOf(env)
  const way = stripeOf(env)
  if (secret === null || !way.ok) return { kind: 'off' }
  if (signature === null) return refused('no signature')
  const late = timeFault(signature)
  if (late !== null) return refused(late)
  const crypto = Stripe.createSubtleCryptoProvider()
  const found = await way.stripe
    .parseEventNotificationAsync(body, signature, secret, TOLERANCE_S, crypto)
    .catch((error: unknown) => refused(wordOf(error)))
  if ('kind' in found) return found
  const parsed = notification.safeParse(found)
  if (!parsed.success) return refused('not an event')
  if (parsed.data.livemode !== way.livemode) return refused('of another mode')
  await noteErrors(env, parsed.data.id, nowUs)
  return { kind: 'taken' }
}

async function noteErrors(env: Env, eventId: string, nowUs: Micros): Promise<void> {
  const { stripe } = needStripe(env)
  const parsed = report.safeParse(await stripe.v2.core.events.retrieve(eventId))
  const errors = parsed.success ? parsed.data.data.reason.error_types : []
  const identifiers = errors.flatMap(({ sample_errors }) =>
    sample_errors.flatMap(({ request }) => request.identifier ?? []),
  )
  const noted = await withAccounts(env, (sql) => noteRefused(sql, identifiers, nowUs))
  const codes = errors.map(({ code, error_count }) => `${code} ${error_count}`)
  console.error(JSON.stringify({ event: 'usage_refused', id: eventId, codes, reports: noted }))
}
