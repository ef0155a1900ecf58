import { createHmac, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import postgres, { type Sql } from 'postgres'
import { makeApiKey } from '#core/api-key'
import { startStripe } from '../local/stripe/stripe.ts'
import { newSupabaseKeys, startSupabase } from '../local/supabase/server.ts'
import { freshDatabase } from './database.ts'
import { stripeSchema } from './local/stripe-schema.ts'
import type { WorkerSetup, WorldsReady } from './worker-setup.ts'
import { copyDatabase, serveWorlds } from './worker-worlds.ts'

/**
 * The program that worker-setup runs: a Postgres with accounts and their keys, copied for each file of
 * tests. It says over IPC where to ask, and ends when its parent hangs up.
 */
async function main(): Promise<void> {
  const { ownerUrl, readerUrl, accountUrl, stop } = await freshDatabase()
  const stops: (() => Promise<void>)[] = [stop]
  process.on('disconnect', () => {
    void Promise.all(stops.map((each) => each())).then(() => process.exit(0))
  })
  const pepper = randomBytes(32).toString('base64url')
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  const mine = await addAccount(sql, 'pro', UNLIMITED)
  const other = await addAccount(sql, 'pro', UNLIMITED)
  const free = await addAccount(sql, 'free')
  const stored: Record<keyof WorkerSetup['keys'], StoredKey> = {
    good: { account: mine, scopes: ['live', 'history', 'account'] },
    revoked: { account: mine, scopes: ['live', 'history'], revokedUs: 2 },
    expired: { account: mine, scopes: ['live', 'history'], expiresUs: 2 },
    live: { account: mine, scopes: ['live'] },
    history: { account: mine, scopes: ['history'] },
    account: { account: mine, scopes: ['account'] },
    other: { account: other, scopes: ['live', 'history'] },
    free: { account: free, scopes: ['live', 'history'] },
  }
  const keys: Record<string, string> = {}
  for (const [name, key] of Object.entries(stored)) {
    const text = makeApiKey(randomBytes(128))
    keys[name] = text
    await sql`
      insert into kb.api_keys
        (account_id, hash, pepper_version, display, scopes, created_us, revoked_us, expires_us)
      values (${key.account}, ${createHmac('sha256', pepper).update(text).digest()}, 1,
        ${text.slice(0, 12)}, ${sql.array([...key.scopes])}, 1, ${key.revokedUs ?? null},
        ${key.expiresUs ?? null})`
  }
  const metadataUrl = await addMetadataRole(sql, ownerUrl)
  await admitOtherWays(sql)
  await sql.end()
  const worlds = await serveWorlds(async () => {
    // Files run at one time, and the database has one lease row and one watermark.
    const inCopy = await copyDatabase(ownerUrl)
    const standIns = await startStandIns()
    stops.push(standIns.stop)
    return {
      ownerUrl: inCopy(ownerUrl),
      readerUrl: inCopy(readerUrl),
      metadataUrl: inCopy(metadataUrl),
      accountUrl: inCopy(accountUrl),
      pepper,
      keys: keys as WorkerSetup['keys'],
      ...standIns.told,
    }
  })
  const ready: WorldsReady = { worlds, readerUrl }
  process.send?.(ready)
}

/** Starts a Supabase Auth and a Stripe that nobody else uses. */
async function startStandIns() {
  const supabase = await startSupabase({
    siteUrl: 'https://kalshibook.test',
    keys: newSupabaseKeys(),
    // Each test brings its own people, all of them from one address.
    limits: { signIns: 10_000, verifications: 10_000, refreshes: 10_000, mails: 10_000 },
  })
  const stripeWebhookSecret = `whsec_${randomBytes(24).toString('base64url')}`
  const stripeMeterWebhookSecret = `whsec_${randomBytes(24).toString('base64url')}`
  const schema = stripeSchema()
  const stripe = await startStripe({
    webhookSecret: stripeWebhookSecret,
    thinSecret: stripeMeterWebhookSecret,
    problemsOf: (call) => schema.callProblems(call),
  })
  return {
    stop: async () => void (await Promise.all([supabase.stop(), stripe.stop()])),
    told: {
      supabaseUrl: supabase.url,
      supabasePublishableKey: supabase.publishableKey,
      supabaseSecretKey: supabase.secretKey,
      stripeUrl: stripe.url,
      stripeSecretKey: stripe.secretKey,
      stripeWebhookSecret,
      stripeMeterWebhookSecret,
    },
  }
}

type StoredKey = {
  readonly account: string
  readonly scopes: readonly string[]
  readonly revokedUs?: number
  readonly expiresUs?: number
}

/** Tests of other things than limits ask as fast as they can. */
const UNLIMITED = { credits: 1_000_000_000, requestsPerS: 1_000_000 }

async function addAccount(sql: Sql, plan: string, terms = {}): Promise<string> {
  const [account] = await sql<{ id: string }[]>`
    insert into kb.accounts (name, plan, created_us, terms)
    values ('test', ${plan}, 1, ${sql.json(terms)}) returning id`
  return account?.id ?? ''
}

/**
 * In place of kb_reader behind the cached binding: whatever goes through it and reads more than descriptions is refused,
 * and its test fails.
 */
async function addMetadataRole(sql: Sql, ownerUrl: string): Promise<string> {
  const url = new URL(ownerUrl)
  url.username = 'cached_reader'
  url.password = randomBytes(16).toString('hex')
  await sql.unsafe(`create role cached_reader login password '${url.password}'`)
  await sql`grant usage on schema kb to cached_reader`
  await sql`grant execute on all functions in schema kb to cached_reader`
  for (const table of ['kb.series', 'kb.events', 'kb.markets']) {
    await sql`select kb.allow(${table}::regclass, 'cached_reader', 'select')`
  }
  return url.href
}

/** Makes two roles that Postgres asks for their password as other poolers do: in clear text, and by md5. */
async function admitOtherWays(sql: Sql): Promise<void> {
  await sql`set password_encryption = 'md5'`
  await sql`create role asked_md5 login password 'of tests'`
  await sql`create role asked_plainly login password 'of tests'`
  const [row] = await sql<{ hba_file: string }[]>`show hba_file`
  const file = row?.hba_file ?? ''
  const ways = 'host all asked_md5 127.0.0.1/32 md5\nhost all asked_plainly 127.0.0.1/32 password\n'
  await writeFile(file, ways + (await readFile(file, 'utf8')))
  await sql`select pg_reload_conf()`
}

await main()
