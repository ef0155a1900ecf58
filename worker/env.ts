import { z } from 'zod'
import { STREAM_LEASE_MS, STREAM_RENEW_MS } from '#core/admission'
import type { Account } from './account/account.ts'
import type { FeedShard } from './live/feed-shard.ts'
import type { Gateway } from './live/gateway.ts'
import type { MarketBook } from './live/market-book.ts'
import type { StreamTickets } from './live/stream-tickets.ts'

/** The Worker's bindings as wrangler.toml names them; what may be missing is told by `settingsOf`. */
export type Env = {
  readonly FEED_SHARD: DurableObjectNamespace<FeedShard>
  readonly MARKET_BOOK: DurableObjectNamespace<MarketBook>
  readonly GATEWAY: DurableObjectNamespace<Gateway>
  readonly TICKETS: DurableObjectNamespace<StreamTickets>
  readonly ACCOUNT: DurableObjectNamespace<Account>
  readonly KEYS: KVNamespace
  /** The static files of the pages. */
  readonly ASSETS: Fetcher
  readonly HYPERDRIVE_READER?: Hyperdrive
  readonly HYPERDRIVE_METADATA?: Hyperdrive
  readonly HYPERDRIVE_ACCOUNT?: Hyperdrive
  readonly FEED_ENV?: string
  readonly FEED_SHARDS?: string
  readonly FEED_SILENT_MS?: string
  readonly FEED_HEARTBEAT_MS?: string
  readonly FREE_WATCHES?: string
  readonly GATEWAY_HEARTBEAT_MS?: string
  readonly GATEWAY_LINGER_MS?: string
  readonly FEED_TOKEN?: string
  readonly FEED_TOKEN_NEXT?: string
  readonly KEY_PEPPER_V1?: string
  readonly CURSOR_SECRET_V1?: string
  readonly PUBLIC_URL?: string
  readonly ACCOUNT_MS?: string
  readonly STREAM_LEASE_MS?: string
  readonly STREAM_RENEW_MS?: string
  readonly SESSION_SECRET_V1?: string
  readonly NEW_ACCOUNTS_A_DAY?: string
  readonly MAIL_ANSWER_MS?: string
  readonly SUPABASE_URL?: string
  readonly SUPABASE_PUBLISHABLE_KEY?: string
  readonly SUPABASE_SECRET_KEY?: string
  readonly STRIPE_SECRET_KEY?: string
  readonly STRIPE_WEBHOOK_SECRET?: string
  readonly STRIPE_METER_WEBHOOK_SECRET?: string
  readonly STRIPE_API_URL?: string
  readonly SHOWCASE?: string
}

/** Sixteen characters at the least: nobody guesses it. */
const secret = z.string().min(16).nullable().catch(null)
const url = z.url().nullable().catch(null)
const address = z
  .object({ connectionString: z.string().min(1) })
  .transform((hyperdrive) => hyperdrive.connectionString)
  .nullable()
  .catch(null)

/** A whole number; what is empty is none, where it would otherwise read as 0. */
const whole = (least: number) =>
  z
    .union([z.string().min(1), z.number()])
    .transform(Number)
    .pipe(z.int().min(least))

/** Names with commas between them; empty for none. */
const names = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  )
  .catch([])

/** A missing or unusable value is null, and what needs it answers 503: nothing stands in for it. */
const schema = z.object({
  FEED_ENV: z.string().min(1).nullable().catch(null),
  FEED_SHARDS: z.coerce.number().int().min(1).max(1024).nullable().catch(null),
  FEED_SILENT_MS: whole(10).catch(5000),
  FEED_HEARTBEAT_MS: whole(10).catch(30_000),
  FREE_WATCHES: whole(0).catch(1000),
  GATEWAY_HEARTBEAT_MS: whole(10).catch(5000),
  GATEWAY_LINGER_MS: whole(0).catch(15_000),
  FEED_TOKEN: secret,
  FEED_TOKEN_NEXT: secret,
  KEY_PEPPER_V1: secret,
  CURSOR_SECRET_V1: secret,
  PUBLIC_URL: z.url().catch(''),
  ACCOUNT_MS: whole(10).catch(2000),
  STREAM_LEASE_MS: whole(10).catch(STREAM_LEASE_MS),
  STREAM_RENEW_MS: whole(10).catch(STREAM_RENEW_MS),
  SESSION_SECRET_V1: secret,
  NEW_ACCOUNTS_A_DAY: whole(1).catch(500),
  MAIL_ANSWER_MS: whole(0).catch(1500),
  SUPABASE_URL: url,
  SUPABASE_PUBLISHABLE_KEY: secret,
  SUPABASE_SECRET_KEY: secret,
  STRIPE_SECRET_KEY: secret,
  STRIPE_WEBHOOK_SECRET: secret,
  STRIPE_METER_WEBHOOK_SECRET: secret,
  STRIPE_API_URL: url,
  SHOWCASE: names,
  HYPERDRIVE_READER: address,
  HYPERDRIVE_METADATA: address,
  HYPERDRIVE_ACCOUNT: address,
})

export type Settings = z.infer<typeof schema>

const read = new WeakMap<Env, Settings>()

/** The bindings' plain values, parsed once; null where one is missing or cannot be used. */
export function settingsOf(env: Env): Settings {
  const known = read.get(env)
  if (known !== undefined) return known
  const settings = schema.parse({ ...env })
  read.set(env, settings)
  return settings
}
