import type { Sql } from 'postgres'
import { withDatabase } from '../database.ts'
import { type Env, settingsOf } from '../env.ts'

/**
 * Reads market data as kb_reader, outside of any one request: for schedules, and for what several requests wait for.
 * Throws DatabaseAwayError when that cannot be done now.
 */
export async function withRecord<Result>(
  env: Env,
  run: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const goodbyes: Promise<unknown>[] = []
  const { HYPERDRIVE_READER } = settingsOf(env)
  try {
    return await withDatabase(HYPERDRIVE_READER, (goodbye) => goodbyes.push(goodbye), run)
  } finally {
    await Promise.all(goodbyes)
  }
}
