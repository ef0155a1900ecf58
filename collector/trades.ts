import { type Micros, parseInstant, TOO_LATE } from '#core/instant'
import type { Frame } from '#core/kalshi/decode'
import { kalshiTrade } from '#core/kalshi/rest'
import { parsePrice } from '#core/price'
import { parseSize } from '#core/size'
import { parseTicker } from '#core/ticker'
import type { Trade } from '#core/trade'

type TradeFrame = Extract<Frame, { kind: 'trade' }>

/** What the key of a table can hold: the exchange's are UUIDs. */
const TRADE_ID = /^[\x21-\x7e]{1,128}$/

/** A trade as the stream told it; null when its id is none that can be stored. */
export function tradeOfFrame(frame: TradeFrame, recv: Micros): Trade | null {
  const { market, tradeId, price, size, taker, block, event } = frame
  if (!TRADE_ID.test(tradeId)) return null
  const stamp = { event: wholeMs(event), recv, source: 'stream' as const }
  return { market, tradeId, price, size, taker, block, ...stamp }
}

/** A trade as `GET /markets/trades` lists it; null when it cannot be read as one. */
export function tradeOfRow(row: unknown, recv: Micros): Trade | null {
  const read = kalshiTrade.safeParse(row)
  if (!read.success) return null
  const { trade_id: tradeId, taker_outcome_side: taker, is_block_trade: block } = read.data
  const market = parseTicker(read.data.ticker)
  const price = parsePrice(read.data.yes_price_dollars)
  const no = parsePrice(read.data.no_price_dollars)
  const size = parseSize(read.data.count_fp)
  const event = parseInstant(read.data.created_time)
  if (market === null || price === null || no === null || size === null || event === null) {
    return null
  }
  if (price + no !== 1_000_000 || !TRADE_ID.test(tradeId)) return null
  if (event < 0 || event >= TOO_LATE) return null
  const stamp = { event: wholeMs(event), recv, source: 'refill' as const }
  return { market, tradeId, price, size, taker, block, ...stamp }
}

/** The exchange cuts `ts_ms` out of the microseconds that REST shows, so we do. */
function wholeMs(us: Micros): Micros {
  return (us - (us % 1000)) as Micros
}
