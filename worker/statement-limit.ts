import type { Sql } from 'postgres'

/** How long (ms) a statement may run that reads for a page of a list, and one that a stream goes on with. */
export const PAGE_STATEMENT_MS = 5000
export const STREAM_STATEMENT_MS = 10_000

/**
 * Runs statements of which each may take so long (ms), in place of the two seconds that the role allows. `sql` must have one
 * connection only: a pool in transaction mode keeps a setting for a transaction, so it opens one. Nobody waits for its
 * opening and closing, which travel with the first statement and after the last one. Throws as `run` does.
 */
export async function withStatementLimit<Result>(
  sql: Sql,
  ms: number,
  run: () => Promise<Result>,
): Promise<Result> {
  // A plan for any bounds, which Postgres may keep from the sixth time on, would be one for all partitions.
  const begin = `begin read only; set local statement_timeout = ${ms}; set local plan_cache_mode = force_custom_plan`
  const begun = sql.unsafe(begin)
  begun.catch(() => {})
  try {
    const answer = run()
    answer.catch(() => {})
    // Where Postgres is away the first statement says so at once, and the others only after more tries.
    await begun
    return await answer
  } finally {
    // Where a statement failed, Postgres takes this for a rollback.
    sql.unsafe('commit').catch(() => {})
  }
}
