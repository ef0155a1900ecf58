import postgres, { type Sql, type TransactionSql } from 'postgres'
import { type Hold, underLease } from './lease.ts'

/** A row that Postgres would not take, with its SQLSTATE; the others were stored without it. */
export type RefusedRow = { readonly ticker: string; readonly code: string }

type Keyed = { readonly ticker: string }

/**
 * Runs an upsert of some rows under the lease, in pages of 1,000, each a transaction. When Postgres refuses the data of a
 * page (SQLSTATE class 22 or 23), its rows go in by halves until those at fault stand alone. Throws on any other error.
 */
export async function upsert<Row extends Keyed>(
  sql: Sql,
  hold: Hold,
  rows: readonly Row[],
  store: (tx: TransactionSql, json: string) => Promise<void>,
): Promise<{ refused: RefusedRow[] } | 'lease_lost'> {
  const refused: RefusedRow[] = []
  const pages = pagesOf(latestOf(rows))
  for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
    const json = JSON.stringify(page)
    try {
      const done = await underLease(sql, hold, async (tx) => {
        await store(tx, json)
        return 'stored' as const
      })
      if (done === 'lease_lost') return done
    } catch (error) {
      if (!(error instanceof postgres.PostgresError) || !/^2[23]/.test(error.code)) throw error
      const [first, ...others] = page
      if (first === undefined) continue
      if (others.length === 0) refused.push({ ticker: first.ticker, code: error.code })
      else pages.unshift(page.slice(0, page.length / 2), page.slice(page.length / 2))
    }
  }
  return { refused }
}

const PAGE = 1000

/** One statement may name a row once: the last word on a ticker counts. */
function latestOf<Row extends Keyed>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.ticker, row])).values()]
}

function pagesOf<Row>(rows: readonly Row[]): Row[][] {
  const pages: Row[][] = []
  for (let at = 0; at < rows.length; at += PAGE) pages.push(rows.slice(at, at + PAGE))
  return pages
}
