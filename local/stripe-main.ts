import { z } from 'zod'
import { startStripe } from './stripe/stripe.ts'

const environment = z.object({
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** What is kept between runs. */
  STATE_FILE: z.string().min(1),
  STRIPE_SECRET_KEY: z.string().min(16),
  STRIPE_WEBHOOK_SECRET: z.string().min(16),
  STRIPE_METER_WEBHOOK_SECRET: z.string().min(16),
})

/** The program: runs the stand-in of Stripe, says `ready` or `failed` over IPC, and stops when told to. */
async function main(): Promise<void> {
  const env = environment.parse(process.env)
  const stripe = await startStripe({
    port: env.HTTP_PORT,
    stateFile: env.STATE_FILE,
    secretKey: env.STRIPE_SECRET_KEY,
    webhookSecret: env.STRIPE_WEBHOOK_SECRET,
    thinSecret: env.STRIPE_METER_WEBHOOK_SECRET,
  })
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await stripe.stop()
    process.exit(0)
  }
  process.on('disconnect', () => void stop())
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => {})
  if (process.connected) process.send?.({ type: 'ready', url: stripe.url })
  else await stop()
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  console.error(message)
  process.send?.({ type: 'failed', message }, () => process.exit(1))
})
