import type { TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import type { QuoteMinute } from '#core/quote-minute'
import type { Trade } from '#core/trade'
import { asOwner } from './store.ts'

export const DAY = 86_400_000_000

/** A trade of a test, without what most do not care about. */
export type MadeTrade = Pick<Trade, 'tradeId' | 'event'> & Partial<Trade>

/** Makes a trade whole. */
export function tradeOf(market: string, made: MadeTrade): Trade {
  return {
    market: market as Trade['market'],
    price: 420_000 as Trade['price'],
    size: 8212 as Trade['size'],
    taker: 'yes',
    block: false,
    recv: (made.event + 18_877) as Micros,
    source: 'stream',
    ...made,
  }
}

/** Makes the daily partitions of trades and quotes, `days` from one on. */
export async function makeTradeDays(from: Micros, days: number): Promise<void> {
  await asOwner((sql) => sql`select kb.make_trade_partitions(${from}::int8, ${days}::int4)`)
}

export function storeTrades(marketId: number, trades: readonly Trade[]): Promise<void> {
  return asOwner(async (sql) => {
    const rows = trades.map(({ tradeId, taker, source, event, recv, price, size, block }) => ({
      market_id: marketId,
      trade_id: tradeId,
      event_us: event,
      recv_us: recv,
      price,
      size,
      block,
      taker: taker === 'yes' ? 0 : 1,
      source: source === 'stream' ? 0 : 1,
    }))
    await sql`
      insert into kb.trades (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
      select r.market_id, r.event_us, r.recv_us, r.trade_id, r.price, r.size, r.taker, r.block, r.source
      from jsonb_to_recordset(${sql.json(rows)}) r (market_id int4, event_us int8, recv_us int8,
        trade_id text, price int4, size int8, taker int2, block bool, source int2)`
  })
}

/** Sets what is known of holes in the trades. */
export function setHoles(...holes: readonly TradeHole[]): Promise<void> {
  return asOwner(async (sql) => {
    await sql`delete from kb.trade_holes`
    for (const { from, to, filled } of holes) {
      await sql`insert into kb.trade_holes values (${from}, ${to}, ${filled})`
    }
  })
}

export function storeQuotes(marketId: number, quotes: readonly QuoteMinute[]): Promise<void> {
  return asOwner(async (sql) => {
    for (const { start, bid, ask, openInterest, gapUs } of quotes) {
      await sql`
        insert into kb.candle_quotes (market_id, start_us, bid_price, bid_size, ask_price, ask_size,
          open_interest, gap_us)
        values (${marketId}, ${start}, ${bid?.[0] ?? null}, ${bid?.[1] ?? null}, ${ask?.[0] ?? null},
          ${ask?.[1] ?? null}, ${openInterest}, ${gapUs})`
    }
  })
}

/** Sets since when the record is kept, and how far it is complete. */
export function setRecord(openedUs: Micros, throughUs: Micros): Promise<void> {
  return asOwner(async (sql) => {
    await sql`delete from kb.epochs`
    await sql`
      insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
      values (0, 1, 'lease', ${openedUs}, ${throughUs})`
  })
}

/** Sets from which day on a kind of data is kept; null for all of it. */
export function setKept(
  kind: 'trades' | 'quotes' | 'segments',
  fromUs: Micros | null,
): Promise<void> {
  return asOwner(async (sql) => {
    await sql`delete from kb.retention where kind = ${kind}`
    if (fromUs !== null) await sql`insert into kb.retention values (${kind}, ${fromUs})`
  })
}
