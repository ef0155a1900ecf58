import type { Sql } from 'postgres'
import type { CandleParts } from '#core/candle'
import type { Micros } from '#core/instant'
import type { Level } from '#core/log'
import { integer, micros } from '#core/log-row'
import type { Price } from '#core/price'
import type { QuoteMinute } from '#core/quote-minute'
import type { Size } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { TradeSums } from '#core/trade-sums'

export type CandleSpan = {
  /** Inclusive, the start of a bucket, µs. */
  readonly fromUs: Micros
  /** Exclusive, the start of a bucket, µs. */
  readonly toUs: Micros
  readonly intervalUs: number
  readonly blocks: 'include' | 'exclude'
}

type Row = Record<string, unknown>

/**
 * What the candles of a span are made of: trades and quotes of each bucket folded where they lie, so that the answer grows
 * with the buckets alone. Two statements, of which the second tells from when on trades and quotes are kept. Throws as
 * Postgres does.
 */
export async function readCandleParts(
  sql: Sql,
  market: { readonly id: number; readonly ticker: string },
  span: CandleSpan,
): Promise<CandleParts & { readonly keptFromUs: Micros }> {
  const ticker = market.ticker as Ticker
  const { fromUs, toUs } = span
  const [buckets, [around]] = await Promise.all([
    readBuckets(sql, market.id, span),
    sql`
      select b.*, greatest(kb.kept_from('trades'), kb.kept_from('quotes')) as kept_from_us,
        (select first_us from kb.log_begins where market_id = ${market.id}) as began_us, (
        select jsonb_agg(jsonb_build_array(from_us, to_us) order by from_us)
        from kb.book_gaps
        where market_id = ${market.id} and from_us < ${toUs} and (to_us is null or to_us > ${fromUs})) as gaps
      from (select) always left join lateral (
        select * from kb.quote_before(${market.id}, ${fromUs})) b on true`,
  ])
  const gaps = (around?.['gaps'] ?? []) as (readonly [Micros, Micros | null])[]
  const beforeLog = { from: 0 as Micros, to: micros(around?.['began_us']) }
  return {
    sums: new Map(
      buckets.flatMap((row) =>
        row['trades'] === null ? [] : [[integer(row['bucket']) as Micros, sumsOf(row)]],
      ),
    ),
    quotes: buckets.flatMap((row) => quoteOf(ticker, row) ?? []),
    before: around === undefined ? null : quoteOf(ticker, around),
    gaps: [beforeLog, ...gaps.map(([from, to]) => ({ from, to }))],
    keptFromUs: micros(around?.['kept_from_us']) ?? (0 as Micros),
  }
}

/** One row of each bucket that has trades or quotes: open and close are probed by the key, of equal times the first and last id. */
function readBuckets(sql: Sql, marketId: number, span: CandleSpan): Promise<readonly Row[]> {
  const { fromUs, toUs, intervalUs, blocks } = span
  const bucket = (column: string) => sql`${sql(column)} - ${sql(column)} % ${intervalUs}::int8`
  const counted = blocks === 'include' ? sql`` : sql`and not block`
  const priceAt = (time: string, down: ReturnType<Sql>) => sql`(
    select price from kb.trades
    where market_id = ${marketId} and event_us = ${sql(time)}
      and event_us >= ${fromUs} and event_us < ${toUs} ${counted}
    order by trade_id ${down} limit 1)`
  return sql`
    with traded as (
      select ${bucket('event_us')} as bucket, min(event_us) as first_us, max(event_us) as last_us,
        max(price) as high, min(price) as low, sum(size)::int8 as volume, count(*) as trades,
        sum(price::numeric * size) as notional
      from kb.trades
      where market_id = ${marketId} and event_us >= ${fromUs} and event_us < ${toUs} ${counted}
      group by 1),
    quoted as (
      select ${bucket('start_us')} as bucket, max(start_us) as start_us, sum(gap_us) as gap_us
      from kb.candle_quotes
      where market_id = ${marketId} and start_us >= ${fromUs} and start_us < ${toUs}
      group by 1)
    select bucket, t.high, t.low, t.volume, t.trades, t.notional::text as notional,
      ${priceAt('first_us', sql``)} as open, ${priceAt('last_us', sql`desc`)} as close,
      q.start_us, q.gap_us, l.bid_price, l.bid_size, l.ask_price, l.ask_size, l.open_interest
    from traded t full join quoted q using (bucket)
    left join lateral (
      select * from kb.candle_quotes
      where market_id = ${marketId} and start_us = q.start_us
        and start_us >= ${fromUs} and start_us < ${toUs}) l on true
    order by bucket`
}

function sumsOf(row: Row): TradeSums {
  return {
    open: integer(row['open']) as Price,
    high: integer(row['high']) as Price,
    low: integer(row['low']) as Price,
    close: integer(row['close']) as Price,
    volume: integer(row['volume']) as Size,
    trades: integer(row['trades']) as number,
    notional: BigInt(row['notional'] as string),
  }
}

/** The last quote minute of a bucket, with all of the bucket's unknown time. */
function quoteOf(market: Ticker, row: Row): QuoteMinute | null {
  const start = micros(row['start_us'])
  if (start === null) return null
  return {
    market,
    start,
    bid: levelOf(row['bid_price'], row['bid_size']),
    ask: levelOf(row['ask_price'], row['ask_size']),
    openInterest: integer(row['open_interest']) as Size | null,
    gapUs: integer(row['gap_us']) ?? 0,
  }
}

function levelOf(price: unknown, size: unknown): Level | null {
  return price === null ? null : [integer(price) as Price, integer(size) as Size]
}
