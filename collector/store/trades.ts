import type { Sql, TransactionSql } from 'postgres'
import type { TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import { integer } from '#core/log-row'
import type { Trade } from '#core/trade'
import { integerArray, textArray } from './array-literal.ts'

/** A trade and the id of its market in `kb.markets`. */
export type TradeRow = { readonly marketId: number; readonly trade: Trade }

/** Stream and REST tell one trade by one id; should their times differ, then by less than this. */
const SAME_TRADE_US = 1_000_000

/** Stores trades; one whose id its market has already, at that time or within a second of it, is left as it is. */
export async function insertTrades(tx: TransactionSql, rows: readonly TradeRow[]): Promise<void> {
  const trades = [...new Map(rows.map((row) => [`${row.marketId} ${row.trade.tradeId}`, row]))]
  if (trades.length === 0) return
  const integers = (pick: (trade: Trade) => number) =>
    integerArray(trades.map(([, { trade }]) => pick(trade)))
  const events = trades.map(([, { trade }]) => trade.event)
  const earliest = events.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const latest = events.reduce((a, b) => Math.max(a, b), 0)
  // The subquery that is compared with null is one index probe a row; `not exists` may become a scan of the whole table.
  // The outer bounds let the planner leave out the days that cannot matter.
  await tx`
    insert into kb.trades (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
    select u.* from unnest(
      ${integerArray(trades.map(([, { marketId }]) => marketId))}::int4[],
      ${integerArray(events)}::int8[],
      ${integers(({ recv }) => recv)}::int8[],
      ${textArray(trades.map(([, { trade }]) => trade.tradeId))}::text[],
      ${integers(({ price }) => price)}::int4[],
      ${integers(({ size }) => size)}::int8[],
      ${integers(({ taker }) => (taker === 'yes' ? 0 : 1))}::int2[],
      ${textArray(trades.map(([, { trade }]) => String(trade.block)))}::bool[],
      ${integers(({ source }) => (source === 'stream' ? 0 : 1))}::int2[])
      u (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
    where (
      select 1 from kb.trades t
      where t.market_id = u.market_id and t.trade_id = u.trade_id
        and t.event_us between u.event_us - ${SAME_TRADE_US}::int8 and u.event_us + ${SAME_TRADE_US}::int8
        and t.event_us between ${earliest - SAME_TRADE_US}::int8 and ${latest + SAME_TRADE_US}::int8
      limit 1) is null
    on conflict do nothing`
}

/** Stores what is known of holes in the trades; of each the last word counts. */
export async function insertTradeHoles(
  tx: TransactionSql,
  holes: readonly TradeHole[],
): Promise<void> {
  const last = [...new Map(holes.map((hole) => [hole.from, hole])).values()]
  if (last.length === 0) return
  const integers = (pick: (hole: TradeHole) => number | null) => integerArray(last.map(pick))
  await tx`
    insert into kb.trade_holes (from_us, to_us, filled_us)
    select * from unnest(
      ${integers(({ from }) => from)}::int8[],
      ${integers(({ to }) => to)}::int8[],
      ${integers(({ filled }) => filled)}::int8[])
    on conflict (from_us) do update set to_us = excluded.to_us, filled_us = excluded.filled_us`
}

/** The holes that are not filled yet, oldest first. Throws as Postgres does. */
export async function openHoles(sql: Sql): Promise<TradeHole[]> {
  const rows = await sql`
    select from_us, to_us from kb.trade_holes where filled_us is null order by from_us`
  return rows.map((row) => ({
    from: integer(row['from_us']) as Micros,
    to: integer(row['to_us']) as Micros | null,
    filled: null,
  }))
}

/**
 * Makes the missing daily partitions of trades and quote minutes, from the UTC day of `fromUs` on.
 * @returns how many were made
 * Throws as Postgres does, also when the lock is not had within 2 s: rows go to a default partition until a later call.
 */
export async function ensureTradePartitions(
  sql: Sql,
  fromUs: Micros,
  days: number,
): Promise<number> {
  const [row] = await sql`select kb.make_trade_partitions(${fromUs}::int8, ${days}::int4) as made`
  return integer(row?.['made']) ?? 0
}
