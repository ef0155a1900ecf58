import { env } from 'cloudflare:workers'
import type { Micros } from '#core/instant'
import { type KeyAsked, keyAsked } from '#core/key-asked'
import { withAccounts } from '../../worker/account/account-database.ts'
import { drawKey, makeKey, type NewKey } from '../../worker/keys/make-key.ts'
import { asOwner } from './store.ts'

/** The moment now, µs. */
export const now = (): Micros => (Date.now() * 1000) as Micros

/** Stores an account that nobody signs in to. @returns its id */
export async function addAccount(plan = 'pro'): Promise<string> {
  const [row] = await asOwner(
    (sql) => sql`
      insert into kb.accounts (name, plan, created_us) values ('keys', ${plan}, 1) returning id`,
  )
  return row?.['id'] as string
}

/** The text and hash of a key that is not stored yet. */
export async function draw(): Promise<NewKey> {
  const drawn = await drawKey(env)
  if (drawn === null) throw new Error('no pepper')
  return drawn
}

/** What is asked for a key of which only `over` matters. */
export function asked(over: Partial<KeyAsked> = {}): KeyAsked {
  return { ...keyAsked.parse({ name: 'a key', scopes: ['live'] }), ...over }
}

/** Makes a key of an account, and tells nobody. */
export async function addKey(accountId: string, over: Partial<KeyAsked> = {}) {
  const drawn = await draw()
  const made = await withAccounts(env, (sql) => makeKey(sql, accountId, drawn, asked(over), now()))
  if (!made.ok) throw new Error(made.error.message)
  return { ...made.value, text: drawn.text, hash: drawn.hash }
}

/** An account's rev, and the one that is still to be told; null when all is told. */
export async function revOf(accountId: string): Promise<{ rev: number; untold: number | null }> {
  const [row] = await asOwner(
    (sql) => sql`
      select a.rev, p.rev as untold
      from kb.accounts a left join kb.projections p on p.account_id = a.id
      where a.id = ${accountId}`,
  )
  const untold = row?.['untold']
  return { rev: Number(row?.['rev']), untold: untold === null ? null : Number(untold) }
}
