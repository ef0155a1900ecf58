import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { SpendAsk } from '#core/admission'
import type { Account } from '../../worker/account/account.ts'
import { accountStub } from '../../worker/account/account-stub.ts'
import { asOwner } from './store.ts'

/** An account of a test's own, with one key. */
export type TestAccount = {
  readonly id: string
  readonly keyId: string
  readonly stub: DurableObjectStub<Account>
}

type Terms = { credits?: number; requestsPerS?: number; connections?: number; markets?: number }

/** Nothing but credits limits it. */
export const FAST: Terms = { requestsPerS: 1_000_000 }

export async function makeAccount(terms: Terms = FAST, plan = 'free'): Promise<TestAccount> {
  const [row] = await asOwner(
    (sql) => sql`
      with made as (
        insert into kb.accounts (name, plan, created_us, terms)
        values ('test', ${plan}, 1, ${JSON.stringify(terms)}::text::jsonb) returning id)
      select id from made`,
  )
  const id = String(row?.['id'])
  return { id, keyId: await addKey(id), stub: accountStub(env, id) }
}

/** Adds a key to an account. @returns its id */
export async function addKey(accountId: string, monthCap: number | null = null): Promise<string> {
  const hash = crypto.getRandomValues(new Uint8Array(32))
  const [row] = await asOwner(
    (sql) => sql`
      insert into kb.api_keys
        (account_id, hash, pepper_version, display, scopes, created_us, month_cap)
      values (${accountId}, ${hash}, 1, 'kb_live_test', '{live}', 1, ${monthCap})
      returning id`,
  )
  return String(row?.['id'])
}

/** Changes an account, as whoever changes one does. */
export async function change(accountId: string, set: Record<string, unknown>): Promise<void> {
  await asOwner((sql) => sql`update kb.accounts set ${sql(set)} where id = ${accountId}`)
}

let asked = 0

/** An ask of a request of its own. */
export function ask(keyId: string, credits: number, over: Partial<SpendAsk> = {}): SpendAsk {
  asked += 1
  const requestId = `req_${String(asked).padStart(32, '0')}`
  return { requestId, keyId, rev: 1, route: '/v1/trades', credits, counts: true, ...over }
}

/** What the ledger in Postgres says of an account. */
export async function ledger(accountId: string) {
  const [totals] = await asOwner(
    (sql) => sql`
      select coalesce(sum(credits), 0)::int as credits, coalesce(sum(overage), 0)::int as overage
      from kb.usage_totals where account_id = ${accountId}`,
  )
  const [hours] = await asOwner(
    (sql) => sql`
      select coalesce(sum(credits), 0)::int as credits, coalesce(sum(requests), 0)::int as requests,
        coalesce(sum(failed), 0)::int as failed
      from kb.usage_hours where account_id = ${accountId}`,
  )
  return { totals: { ...totals }, hours: { ...hours } }
}

/** Takes an account's object out of memory. */
export function evict({ stub }: TestAccount): Promise<void> {
  return evictDurableObject(stub)
}

/** Sets the time that an account's object goes by, until it is evicted. */
export function setTime({ stub }: Pick<TestAccount, 'stub'>, nowMs: number): Promise<void> {
  return runInDurableObject(stub, (object) => {
    Object.defineProperty(object, 'nowMs', { value: () => nowMs, configurable: true })
  })
}

/** Takes Postgres away from an account's object, or gives it back. */
export function setDatabase({ stub }: TestAccount, isThere: boolean): Promise<void> {
  // Nobody listens there.
  const nowhere = { connectionString: 'postgres://kb_account@127.0.0.1:1/postgres' }
  const value = isThere ? env : { ...env, HYPERDRIVE_ACCOUNT: nowhere }
  return runInDurableObject(stub, (object) => {
    Object.defineProperty(object, 'env', { value, configurable: true })
  })
}
