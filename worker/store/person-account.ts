import type { Sql } from 'postgres'
import { z } from 'zod'
import type { Micros } from '#core/instant'

/** An account that is to be made. */
export type NewAccount = {
  readonly personId: string
  readonly email: string
  /** Keyed hash of the normal address, 64 hex digits: it has free credits once. */
  readonly claim: string
  /** Where it comes from; null for no network. */
  readonly network: string | null
  /** How many a network may make in 24 hours, and all networks together; 1 or more. */
  readonly mostOfNetwork: number
  readonly most: number
  readonly nowUs: Micros
}

const making = z.union([
  z.object({ account: z.uuid() }),
  z.object({ full: z.enum(['network', 'day']), until_us: z.coerce.number() }),
])

/** The account of a person, by Supabase's id of theirs; null when they have none. Throws as Postgres does. */
export async function findPersonAccount(
  sql: Sql,
  personId: string,
): Promise<{ readonly accountId: string; readonly closed: boolean } | null> {
  const [row] = await sql<{ id: string; closed: boolean }[]>`
    select id, closed_us is not null as closed from kb.accounts where person_id = ${personId}`
  return row === undefined ? null : { accountId: row.id, closed: row.closed }
}

/**
 * Makes a person's account, once. Answers its id, or which bound on new accounts is reached and until when (µs).
 * Throws as Postgres does.
 */
export async function makePersonAccount(
  sql: Sql,
  one: NewAccount,
): Promise<
  | { readonly kind: 'made'; readonly accountId: string }
  | { readonly kind: 'full'; readonly of: 'network' | 'day'; readonly untilUs: Micros }
> {
  const [row] = await sql`
    select kb.make_account(${one.personId}, ${one.email}, decode(${one.claim}::text, 'hex'),
      ${one.network}, ${one.mostOfNetwork}, ${one.most}, ${one.nowUs}) as made`
  const made = making.parse(row?.['made'])
  if ('account' in made) return { kind: 'made', accountId: made.account }
  return { kind: 'full', of: made.full, untilUs: made.until_us as Micros }
}
