import type { Sql } from 'postgres'
import { answerPast, type PastAnswer, type PastPoint, type Showing } from '#core/past-book'
import { historyAt } from './store/book-history.ts'

/** How long (ms) a read waits for the record to reach its instant, and how often it looks. */
const PATIENCE_MS = 1000
const LOOK_MS = 50

/**
 * Reads a market's past book and answers for it, after waiting for the watermark if it must.
 * Throws BrokenLogError and LogRowError for a log that cannot be right, and as Postgres does.
 */
export async function readPastBook(
  sql: Sql,
  marketId: number,
  point: PastPoint,
  showing: Showing,
): Promise<PastAnswer> {
  const stored = point.kind === 'at' ? { us: point.us } : point.kind === 'seq' ? point : 'last'
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = answerPast(await historyAt(sql, marketId, stored), point, showing)
    if (answer.kind !== 'beyond' || Date.now() >= until) return answer
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
