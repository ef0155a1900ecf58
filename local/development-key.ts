import { createHmac } from 'node:crypto'
import postgres from 'postgres'
import { displayOfApiKey } from '#core/api-key'

/** The account of this machine's own key. */
export const DEVELOPMENT_ACCOUNT = '00000000-0000-4000-8000-000000000001'

/** Terms of its own that no test or bench reaches, in place of those of its plan. */
export const UNLIMITED = {
  credits: 1_000_000_000_000,
  requestsPerS: 1_000_000,
  connections: 10_000,
  markets: 1_000_000,
}

/**
 * Stores the key of this machine's own account, which is on the largest plan. Idempotent.
 * @param ownerUrl the owner's address of the database
 * @param terms over those of the plan, by the names that core/standing.ts gives them
 * Throws as Postgres does.
 */
export async function seedDevelopmentKey(
  ownerUrl: string,
  apiKey: string,
  pepper: string,
  terms: Readonly<Record<string, number>> = {},
): Promise<void> {
  const hash = createHmac('sha256', pepper).update(apiKey).digest('hex')
  const nowUs = Date.now() * 1000
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`
      insert into kb.accounts (id, name, plan, created_us, terms)
      values (${DEVELOPMENT_ACCOUNT}, 'this machine', 'scale', ${nowUs}, ${sql.json({ ...terms })})
      on conflict (id) do nothing`
    await sql`
      insert into kb.api_keys (account_id, hash, pepper_version, display, scopes, created_us)
      values (${DEVELOPMENT_ACCOUNT}, decode(${hash}::text, 'hex'), 1, ${displayOfApiKey(apiKey)},
        '{live,history,account}', ${nowUs})
      on conflict (hash) do nothing`
  } finally {
    await sql.end({ timeout: 5 })
  }
}
