import { env } from 'cloudflare:workers'
import type { AccountLimits } from '#core/account-word'
import { makeApiKey } from '#core/api-key'
import { accountStub } from '../../worker/account/account-stub.ts'
import { hmac, printHex } from '../../worker/hmac.ts'
import { asOwner } from './store.ts'

type Terms = { readonly credits?: number; readonly requestsPerS?: number }

/** An account of a test's own, with a key of every scope. */
export type TestAccount = {
  readonly accountId: string
  readonly keyId: string
  readonly key: string
  readonly hash: string
}

/** Makes an account. @param terms over those of its plan */
export async function makeAccount(plan: string, terms: Terms = {}): Promise<TestAccount> {
  const accountId = await asOwner(async (sql) => {
    const [row] = await sql`
      insert into kb.accounts (name, plan, created_us, terms)
      values ('test', ${plan}, 1, ${JSON.stringify(terms)}::text::jsonb) returning id`
    return row?.['id'] as string
  })
  return { accountId, ...(await makeKey(accountId)) }
}

/** Makes a key of an account. */
export async function makeKey(
  accountId: string,
  { scopes = ['live', 'history', 'account'], expiresUs = null as number | null } = {},
): Promise<Omit<TestAccount, 'accountId'>> {
  const key = makeApiKey(crypto.getRandomValues(new Uint8Array(128)))
  const hash = printHex(await hmac(env.KEY_PEPPER_V1 ?? '', key))
  const keyId = await asOwner(async (sql) => {
    const [row] = await sql`
      insert into kb.api_keys
        (account_id, hash, pepper_version, display, scopes, created_us, expires_us, name)
      values (${accountId}, decode(${hash}::text, 'hex'), 1, ${key.slice(0, 12)},
        string_to_array(${scopes.join()}::text, ','), 1, ${expiresUs}, 'of a test') returning id`
    return row?.['id'] as string
  })
  return { key, hash, keyId }
}

/** Changes something of an account as the owner does, and tells its object alone: KV stays as it was. */
export async function changeAccount(
  { accountId }: TestAccount,
  change: (sql: Parameters<Parameters<typeof asOwner>[0]>[0]) => Promise<unknown>,
): Promise<void> {
  await asOwner(async (sql) => {
    await change(sql)
    await sql`select kb.account_changed(${accountId}, 1::int8)`
  })
  await accountStub(env, accountId).refresh()
}

/** How an account stands, as its object knows it. */
export async function limitsOf({ accountId }: TestAccount): Promise<AccountLimits> {
  return (await accountStub(env, accountId).limits()) as AccountLimits
}
