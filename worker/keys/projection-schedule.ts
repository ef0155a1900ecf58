import type { Micros } from '#core/instant'
import { accountChanged } from '../account/account-changed.ts'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'

/** So many accounts a run, and so many of them at once. */
const MOST = 200
const AT_ONCE = 5

/** Tells of the changes of accounts that could not be told when they were made. Throws DatabaseAwayError. */
export async function projectAllLeft(env: Env, _nowUs: Micros): Promise<void> {
  // In no order, so that those that cannot be told keep nobody else waiting.
  const rows = await withAccounts(
    env,
    (sql) => sql`select account_id from kb.projections order by random() limit ${MOST}`,
  )
  const left = rows.map((row) => row['account_id'] as string)
  const work = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await accountChanged(env, id)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
