import type { Sql } from 'postgres'
import { z } from 'zod'
import type { Micros } from '#core/instant'

const step = z.enum(['told', 'unsubscribed', 'forgotten'])

/** A deletion and the steps of it that are done. */
export type Deletion = {
  readonly accountId: string
  readonly personId: string
  readonly done: readonly z.infer<typeof step>[]
}

const row = z.object({ account_id: z.uuid(), person_id: z.uuid(), done: z.array(step) })

/** Closes an account and revokes its keys; may be repeated. Throws as Postgres does. */
export async function closeAccount(sql: Sql, accountId: string, nowUs: Micros): Promise<void> {
  await sql`select kb.close_account(${accountId}, ${nowUs})`
}

/** How far the deletion of an account is; null when it is not being deleted. Throws as Postgres does. */
export async function findDeletion(sql: Sql, accountId: string): Promise<Deletion | null> {
  const [found] = await sql`
    select account_id, person_id, to_jsonb(array_remove(array[
      case when told_us is not null then 'told' end,
      case when unsubscribed_us is not null then 'unsubscribed' end,
      case when forgotten_us is not null then 'forgotten' end], null)) as done
    from kb.account_deletions where account_id = ${accountId}`
  if (found === undefined) return null
  const { account_id, person_id, done } = row.parse(found)
  return { accountId: account_id, personId: person_id, done }
}

/** Accounts whose deletion is not at its end, in no order. Throws as Postgres does. */
export async function openDeletions(sql: Sql, most: number): Promise<readonly string[]> {
  const rows = await sql<{ account_id: string }[]>`
    select account_id from kb.account_deletions
    where told_us is null or unsubscribed_us is null or forgotten_us is null
    order by random() limit ${most}`
  return rows.map(({ account_id }) => account_id)
}

/** Notes that a step of a deletion is done. Throws as Postgres does. */
export async function markDone(
  sql: Sql,
  accountId: string,
  done: z.infer<typeof step>,
  nowUs: Micros,
): Promise<void> {
  await sql`update kb.account_deletions set ${sql(`${done}_us`)} = ${nowUs}
    where account_id = ${accountId} and ${sql(`${done}_us`)} is null`
}
