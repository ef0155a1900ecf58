import type { Sql } from 'postgres'
import { asOf } from '#core/as-of'
import { fullChecksum } from '#core/checksum'
import { historyAt } from '../worker/store/book-history.ts'

const AT_ONCE = 4

/**
 * The full checksum of every market's last book as a reader of the store finds it, null where the store says that
 * it is not known. Throws as the readers do.
 * @param sql of a role that may read market data
 */
export async function storedChecksums(
  sql: Sql,
  tickers: readonly string[],
): Promise<Map<string, number | null>> {
  const rows = await sql<{ id: number; ticker: string }[]>`
    select id, ticker from kb.markets where ticker in ${sql([...tickers])}`
  const sums = new Map<string, number | null>()
  const left = [...rows]
  const read = async () => {
    for (let row = left.pop(); row !== undefined; row = left.pop()) {
      const { opening, records, gaps } = await historyAt(sql, row.id, 'last')
      const found = asOf(opening, records, gaps)
      sums.set(row.ticker, found.kind === 'book' ? fullChecksum(found.book.ladders()) : null)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, read))
  return sums
}
