import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { Price } from '#core/price'
import type { Size } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'

/** Where a list of trades goes on: after this trade, or, with an empty id, before or after all of a time. */
export type TradePlace = {
  readonly eventUs: Micros
  readonly tradeId: string
  readonly marketId: number
}

/** A trade and its market's id, which is the last part of its place. */
export type StoredTrade = { readonly marketId: number; readonly trade: Trade }

export type TradeSpan = {
  /** Inclusive, µs of the exchange's time. */
  readonly fromUs: Micros
  /** Exclusive. */
  readonly toUs: Micros
  /** Whose trades; null for all markets. */
  readonly markets: readonly number[] | null
  readonly after: TradePlace | null
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

export type TradesRead = {
  readonly trades: readonly StoredTrade[]
  /** From when on trades were kept when these were read, µs; 0 when none was dropped. */
  readonly keptFromUs: Micros
}

/**
 * Trades of a span in the order (event, trade id, market id), or against it, at most `limit`. Of one market or of all, no
 * more are looked at; of several, all of the span are. Throws as Postgres does.
 */
export async function listTrades(sql: Sql, span: TradeSpan): Promise<TradesRead> {
  const { fromUs, toUs, markets, after, order, limit } = span
  const down = order === 'desc' ? sql`desc` : sql``
  const [only] = markets ?? []
  const whose =
    markets === null
      ? sql``
      : markets.length === 1
        ? sql`and market_id = ${only ?? 0}`
        : sql`and market_id = any(${`{${markets.join(',')}}`}::int4[])`
  const place =
    after &&
    sql`(${after.eventUs}::int8, ${after.tradeId}::text collate "C", ${after.marketId}::int4)`
  const beyond =
    place === null
      ? sql``
      : order === 'desc'
        ? sql`and (event_us, trade_id, market_id) < ${place}`
        : sql`and (event_us, trade_id, market_id) > ${place}`
  const rows = await sql`
    select k.kept_from_us, t.*, m.ticker
    from (select kb.kept_from('trades') as kept_from_us) k
    left join lateral (
      select event_us, trade_id, market_id, recv_us, price, size, taker, source, block
      from kb.trades
      where event_us >= ${fromUs} and event_us < ${toUs} ${whose} ${beyond}
      order by event_us ${down}, trade_id ${down}, market_id ${down}
      limit ${limit}) t on true
    left join kb.markets m on m.id = t.market_id
    order by t.event_us ${down}, t.trade_id ${down}, t.market_id ${down}`
  return {
    trades: rows.filter((row) => row['trade_id'] !== null).map(storedTrade),
    keptFromUs: micros(rows[0]?.['kept_from_us']) ?? (0 as Micros),
  }
}

function storedTrade(row: Record<string, unknown>): StoredTrade {
  return {
    marketId: integer(row['market_id']) as number,
    trade: {
      market: row['ticker'] as Ticker,
      tradeId: row['trade_id'] as string,
      price: integer(row['price']) as Price,
      size: integer(row['size']) as Size,
      taker: row['taker'] === 0 ? 'yes' : 'no',
      block: row['block'] === true,
      event: integer(row['event_us']) as Micros,
      recv: integer(row['recv_us']) as Micros,
      source: row['source'] === 0 ? 'stream' : 'refill',
    },
  }
}
