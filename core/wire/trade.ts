import { z } from 'zod'
import { printPrice } from '../price.ts'
import { printSize } from '../size.ts'
import { TRADE_SOURCES, type Trade } from '../trade.ts'
import type { Hole } from '../trade-holes.ts'

const micros = z.int().nonnegative()

/** A trade as every wire carries it (wire §1). */
export const wireTrade = z.object({
  type: z.literal('trade'),
  trade_id: z.string(),
  market: z.string(),
  price: z.string().describe('The yes price'),
  size: z.string(),
  taker: z.enum(['yes', 'no']).describe('The side of whoever took'),
  block: z.boolean().describe('Negotiated outside the book'),
  event_us: micros,
  recv_us: micros,
  source: z.enum(TRADE_SOURCES).describe('refill: missed on the stream and fetched later'),
})

/** Of which times in a list's range trades are missing, in its `meta` and in the last line of its streams. */
export const wireHoles = z
  .array(z.object({ from_us: micros, to_us: micros.nullable() }))
  .describe(
    'The intervals of the range in which trades may be missing: no trade there does not say that there was none. to_us is null while the exchange’s trades do not reach us',
  )

export type WireTrade = z.infer<typeof wireTrade>
export type WireHoles = z.infer<typeof wireHoles>

/** Prints a trade as the wire carries it. */
export function printTrade(trade: Trade): WireTrade {
  return {
    type: 'trade',
    trade_id: trade.tradeId,
    market: trade.market,
    price: printPrice(trade.price),
    size: printSize(trade.size),
    taker: trade.taker,
    block: trade.block,
    event_us: trade.event,
    recv_us: trade.recv,
    source: trade.source,
  }
}

/** Prints holes as the wire carries them. */
export function printHoles(holes: readonly Hole[]): WireHoles {
  return holes.map(({ from, to }) => ({ from_us: from, to_us: to }))
}
