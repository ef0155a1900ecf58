import { createHmac, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { makeApiKey } from '#core/api-key'
import { freePort } from '../../local/free-port.ts'
import type { FaultPlan } from '../../local/stripe/faults.ts'
import { makeSecretKey, type StripeStandIn, startStripe } from '../../local/stripe/stripe.ts'
import { type RunningWorker, startWorker } from '../../local/worker.ts'
import { freshDatabase } from '../database.ts'

/** An account of the store, with a key. */
export type StoredAccount = { readonly id: string; readonly keyId: string }

/** What the Worker answered; `fault` when it could not do it now. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

/** Billing with everything that it needs, all of which goes by one clock. */
export class BillingRig {
  readonly sql: Sql
  readonly stripe: StripeStandIn
  readonly worker: RunningWorker
  readonly #stops: readonly (() => Promise<unknown>)[]

  private constructor(
    sql: Sql,
    stripe: StripeStandIn,
    worker: RunningWorker,
    stops: readonly (() => Promise<unknown>)[],
  ) {
    this.sql = sql
    this.stripe = stripe
    this.worker = worker
    this.#stops = stops
  }

  /** Starts it, set up at Stripe's and without faults. Throws when a part does not start. */
  static async start(options: {
    readonly atS: number
    readonly retryDays: readonly number[]
    readonly random: () => number
  }): Promise<BillingRig> {
    const stops: (() => Promise<unknown>)[] = []
    try {
      const dir = await mkdtemp(join(tmpdir(), 'kalshibook-billing-'))
      await chmod(dir, 0o755)
      stops.push(() => rm(dir, { recursive: true, force: true }))
      const webhookSecret = randomBytes(24).toString('base64url')
      const [database, stripe, port] = await Promise.all([
        freshDatabase(),
        startStripe({
          ...options,
          secretKey: makeSecretKey(false),
          webhookSecret,
          webhookRetryMs: [100, 300, 1000, 3000],
        }),
        freePort(),
      ])
      stops.push(
        () => database.stop(),
        () => stripe.stop(),
      )
      const sql = postgres(database.ownerUrl, { max: 2, onnotice: () => {} })
      stops.push(() => sql.end())
      const worker = await startWorker({
        port,
        stateDir: join(dir, 'worker'),
        readerUrl: database.readerUrl,
        accountUrl: database.accountUrl,
        entry: 'test/worker/billing-worker.ts',
        bindings: {
          PUBLIC_URL: `http://127.0.0.1:${port}`,
          KEY_PEPPER_V1: 'the-pepper-of-billing-tests',
          STRIPE_API_URL: stripe.url,
          STRIPE_SECRET_KEY: stripe.secretKey,
          STRIPE_WEBHOOK_SECRET: webhookSecret,
          // The two share two cores with everything else.
          ACCOUNT_MS: '20000',
        },
      })
      stops.push(() => worker.stop())
      const rig = new BillingRig(sql, stripe, worker, stops)
      const made = await rig.call('setup', { url: `${worker.url}/chaos` })
      if (!made.ok) throw new Error(made.message)
      return rig
    } catch (error) {
      for (const stop of stops.reverse()) await stop().catch(() => {})
      throw error
    }
  }

  /** Asks the Worker to do something of billing. */
  async call(what: string, given: object = {}): Promise<Answer> {
    const body = JSON.stringify(given)
    const response = await fetch(`${this.worker.url}/chaos/${what}`, { method: 'POST', body })
    return (await response.json()) as Answer
  }

  /** Goes forward to an instant, s, with all clocks. @param damage what is damaged on purpose; null for nothing */
  async to(atS: number, damage: string | null): Promise<void> {
    this.stripe.control('clock', { toS: atS })
    await this.call('clock', { ms: atS * 1000, damage })
  }

  faults(plan: Partial<FaultPlan>): void {
    this.stripe.control('faults', plan)
  }

  /** Takes an account's object out of memory, unless it has something under way for long. */
  async evict(account: string): Promise<void> {
    await this.worker.evict('Account', account, 'close').catch(() => {})
  }

  async addAccount(name: string): Promise<StoredAccount> {
    const text = makeApiKey(randomBytes(128))
    const hash = createHmac('sha256', 'the-pepper-of-billing-tests').update(text).digest()
    const [account] = await this.sql<{ id: string }[]>`
      insert into kb.accounts (name, plan, created_us) values (${name}, 'free', 1) returning id`
    const id = account?.id ?? ''
    const [key] = await this.sql<{ id: string }[]>`
      insert into kb.api_keys (account_id, hash, pepper_version, display, scopes, created_us)
      values (${id}, ${hash}, 1, ${text.slice(0, 12)}, ${['live']}, 1) returning id`
    return { id, keyId: key?.id ?? '' }
  }

  /** Stops everything, the last first. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop()
  }
}
