import type { Sql } from 'postgres'
import { withDatabase } from '../database.ts'
import { type Env, settingsOf } from '../env.ts'

/**
 * Reads and writes accounts as kb_account, outside of any one request: for schedules, objects, and what follows a change.
 * Throws DatabaseAwayError when that cannot be done now.
 */
export async function withAccounts<Result>(
  env: Env,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const goodbyes: Promise<unknown>[] = []
  const { HYPERDRIVE_ACCOUNT } = settingsOf(env)
  try {
    return await withDatabase(HYPERDRIVE_ACCOUNT, (goodbye) => goodbyes.push(goodbye), run)
  } finally {
    await Promise.all(goodbyes)
  }
}
