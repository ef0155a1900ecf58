import { join } from 'node:path'
import { setUpStripe } from '../worker/billing/set-up.ts'
import { wayTo } from '../worker/billing/stripe-way.ts'
import type { Child } from './child.ts'
import type { LocalConfig } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import type { KeptSecrets } from './kept-secrets.ts'

/** A stand-in that runs beside the product. */
export type StandIn = { readonly child: Child; readonly url: string; readonly secretKey: string }

export type StandIns = {
  /** Null where the real one is used, or none. */
  readonly supabase: StandIn | null
  readonly stripe: StandIn | null
  /** What the Worker is told of the two; an empty value hides the one of the shell. */
  readonly variables: Readonly<Record<string, string>>
}

type Launch = (name: string, program: string, args: string[], env: Record<string, string>) => Child

const NOTHING = {
  SUPABASE_URL: '',
  SUPABASE_PUBLISHABLE_KEY: '',
  SUPABASE_SECRET_KEY: '',
  STRIPE_SECRET_KEY: '',
  STRIPE_WEBHOOK_SECRET: '',
  STRIPE_METER_WEBHOOK_SECRET: '',
  STRIPE_API_URL: '',
}

/**
 * Starts what stands in for Supabase and Stripe, each unless the real one is given, and sets the latter up.
 * @param publicUrl where the Worker will listen
 * Throws when one does not start.
 */
export async function startStandIns(
  config: LocalConfig,
  folder: DataFolder,
  secrets: KeptSecrets,
  publicUrl: string,
  launch: Launch,
): Promise<StandIns> {
  const [supabase, stripe] = await Promise.all([
    config.supabase.kind === 'stand-in' ? startSupabase(folder, secrets, publicUrl, launch) : null,
    config.stripe.kind === 'stand-in' ? startStripe(folder, secrets, publicUrl, launch) : null,
  ])
  return {
    supabase,
    stripe,
    variables: {
      ...NOTHING,
      ...(config.supabase.kind === 'given' ? config.supabase.env : {}),
      ...(config.stripe.kind === 'given' ? config.stripe.env : {}),
      ...(supabase === null ? {} : { SUPABASE_URL: supabase.url, ...supabaseKeys(secrets) }),
      ...(stripe === null ? {} : { STRIPE_API_URL: stripe.url, ...stripeKeys(secrets) }),
    },
  }
}

async function startSupabase(
  folder: DataFolder,
  secrets: KeptSecrets,
  publicUrl: string,
  launch: Launch,
): Promise<StandIn> {
  const child = launch('supabase', 'local/supabase-main.ts', [], {
    HTTP_PORT: '0',
    STATE_FILE: join(folder.outside, 'supabase.json'),
    SITE_URL: publicUrl,
    ...supabaseKeys(secrets),
  })
  const { url } = await child.ready()
  return { child, url: String(url), secretKey: secrets.supabaseSecretKey }
}

async function startStripe(
  folder: DataFolder,
  secrets: KeptSecrets,
  publicUrl: string,
  launch: Launch,
): Promise<StandIn> {
  const child = launch('stripe', 'local/stripe-main.ts', [], {
    HTTP_PORT: '0',
    STATE_FILE: join(folder.outside, 'stripe.json'),
    ...stripeKeys(secrets),
  })
  const url = String((await child.ready())['url'])
  const way = wayTo(secrets.stripeSecretKey, url, publicUrl)
  if (!way.ok) throw new Error(`Stripe cannot be set up: ${way.why}`)
  await setUpStripe(way.stripe, { publicUrl, livemode: way.livemode })
  return { child, url, secretKey: secrets.stripeSecretKey }
}

function supabaseKeys(secrets: KeptSecrets): Record<string, string> {
  return {
    SUPABASE_PUBLISHABLE_KEY: secrets.supabasePublishableKey,
    SUPABASE_SECRET_KEY: secrets.supabaseSecretKey,
  }
}

function stripeKeys(secrets: KeptSecrets): Record<string, string> {
  return {
    STRIPE_SECRET_KEY: secrets.stripeSecretKey,
    STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
    STRIPE_METER_WEBHOOK_SECRET: secrets.stripeMeterWebhookSecret,
  }
}
