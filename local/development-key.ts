import { createHmac } from 'node:crypto'
import postgres from 'postgres'
import { displayOfApiKey } from '#core/api-key'

/** The account of this machine's own key. */
export const DEVELOPMENT_ACCOUNT = '00000000-0000-4000-8000-000000000001'

/**
 * Stores the key of this machine's own account, which is on the largest plan. Idempotent.
 * @param ownerUrl the owner's address of the database
 * Throws as Postgres does.
 */
export async function seedDevelopmentKey(
  ownerUrl: string,
  apiKey: string,
  pepper: string,
): Promise<void> {
  const hash = createHmac('sha256', pepper).update(apiKey).digest('hex')
  const nowUs = Date.now() * 1000
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`
      insert into kb.accounts (id, name, plan, created_us)
      values (${DEVELOPMENT_ACCOUNT}, 'this machine', 'scale', ${nowUs}) on conflict (id) do nothing`
    await sql`
      insert into kb.api_keys (account_id, hash, pepper_version, display, scopes, created_us)
      values (${DEVELOPMENT_ACCOUNT}, decode(${hash}::text, 'hex'), 1, ${displayOfApiKey(apiKey)},
        '{live,history,account}', ${nowUs})
      on conflict (hash) do nothing`
  } finally {
    await sql.end({ timeout: 5 })
  }
}
