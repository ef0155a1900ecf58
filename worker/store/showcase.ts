import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'

/** A day's trades are summed up from its last so many: what is busy is among them. */
const LATEST_TRADES = 20_000
const DAY_US = 86_400_000_000

/** Markets that trade and are named by their own tickers or those of their series, in the order of tickers. Throws as Postgres does. */
export async function findShown(
  sql: Sql,
  names: readonly string[],
  most: number,
): Promise<readonly string[]> {
  const rows = await sql`
    with named as (select jsonb_array_elements_text(${sql.json([...names])}) as name)
    select ticker from kb.markets
    where status = 'active' and (ticker in (select name from named) or series_ticker in (select name from named))
    order by ticker limit ${most}`
  return rows.map((row) => row['ticker'] as string)
}

/** The markets that trade and were traded most, by size, among the latest trades of the last 24 hours. Throws as Postgres does. */
export async function findBusiest(
  sql: Sql,
  nowUs: Micros,
  most: number,
): Promise<readonly string[]> {
  const rows = await sql`
    with latest as (
      select market_id, size from kb.trades where event_us >= ${nowUs - DAY_US} and event_us <= ${nowUs}
      order by event_us desc, trade_id desc limit ${LATEST_TRADES}),
    busy as (select market_id, sum(size) as size from latest group by market_id)
    select m.ticker from busy b join kb.markets m on m.id = b.market_id
    where m.status = 'active' order by b.size desc, m.ticker limit ${most}`
  return rows.map((row) => row['ticker'] as string)
}
