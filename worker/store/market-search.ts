import type { Sql } from 'postgres'
import { integer } from '#core/log-row'
import {
  type ListedMarket,
  listed,
  listedOf,
  type MarketFilter,
  type MarketPage,
  pageOf,
  recorded,
} from './markets.ts'

/** A market that was found, and how well it suits: the greater the better. */
export type FoundMarket = ListedMarket & { readonly rank: number }

export type MarketSearch = MarketFilter & {
  /** What a person typed; the last word may be the beginning of one. */
  readonly typed: string
  /** The last market of the page before. */
  readonly after?: { readonly rank: number; readonly ticker: string } | undefined
  readonly limit: number
}

/**
 * The markets that suit some words, best first, at most `limit`. How much is looked at is bounded (migration 0014):
 * of words that suit more markets not all of these are found. Throws as Postgres does.
 */
export async function searchMarkets(
  sql: Sql,
  search: MarketSearch,
): Promise<MarketPage<FoundMarket>> {
  const { typed, status, event, series, after, limit } = search
  const rows = await sql`
    select w.through_us, f.rank, ${listed(sql)}
    from ${recorded(sql)} w
    left join lateral kb.search_markets(
      ${typed}, ${status ?? null}, ${event ?? null}, ${series ?? null},
      ${after?.rank ?? null}, ${after?.ticker ?? null}, ${limit}) f on true
    left join kb.markets m on m.id = f.market_id
    order by f.rank desc, m.ticker`
  return pageOf(rows, (row, throughUs) => {
    const rank = integer(row['rank']) as number
    return { ...listedOf(row, throughUs), rank }
  })
}
