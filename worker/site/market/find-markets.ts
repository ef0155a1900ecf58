import type { Context } from 'hono'
import { type App, readMarketData } from '../../context.ts'
import { showcaseOf } from '../../keys/showcase.ts'
import { searchMarkets } from '../../store/market-search.ts'
import { type ListedMarket, listMarkets } from '../../store/markets.ts'
import type { MarketQuery } from './market-query.ts'

/** Markets of one page of the list. */
const PAGE = 50

/** A page of the list of markets, and after which market the next one begins; null when there is none. */
export type FoundMarkets = {
  readonly rows: readonly ListedMarket[]
  readonly next: MarketQuery['after']
}

/** Finds the markets that are asked for, at most `most` of them. Throws DatabaseAwayError. */
export async function findMarkets(
  c: Context<App>,
  query: MarketQuery,
  most = PAGE,
): Promise<FoundMarkets> {
  const { q, after } = query
  const [status, series, event] = [query.status, query.series, query.event].map(
    (text) => text || undefined,
  )
  const filter = { status, series, event }
  const limit = most + 1
  const tickers = query.shown ? await showcaseOf(c) : undefined
  const rows = await readMarketData(c, async (sql) => {
    if (q !== '' && tickers === undefined) {
      const search = { ...filter, typed: q, after: after ?? undefined, limit }
      return (await searchMarkets(sql, search)).rows
    }
    const span = { ...filter, tickers, after: after?.ticker, order: 'asc', limit } as const
    return (await listMarkets(sql, span)).rows.map((row) => ({ ...row, rank: 0 }))
  })
  const last = rows.length > most ? rows[most - 1] : undefined
  return { rows: rows.slice(0, most), next: last ?? null }
}
