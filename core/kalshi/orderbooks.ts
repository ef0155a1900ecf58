import { z } from 'zod'
import type { Ladders, Level } from '../log.ts'
import { parsePrice } from '../price.ts'
import { parseSize } from '../size.ts'
import { parseTicker, type Ticker } from '../ticker.ts'

/** `GET /markets/orderbooks`, as the exchange's OpenAPI 3.30 states it: https://docs.kalshi.com/openapi.yaml */
const ladder = z.array(z.tuple([z.string(), z.string()])).nullish()
const answer = z.object({
  orderbooks: z.array(
    z.object({
      ticker: z.string(),
      orderbook_fp: z.strictObject({ yes_dollars: ladder, no_dollars: ladder }),
    }),
  ),
})

/** The books of an answer, in our units; null when it is of another shape. A book that cannot be read is left out. */
export function readOrderbooks(body: unknown): ReadonlyMap<Ticker, Ladders> | null {
  const read = answer.safeParse(body)
  if (!read.success) return null
  const books = new Map<Ticker, Ladders>()
  for (const { ticker, orderbook_fp } of read.data.orderbooks) {
    const market = parseTicker(ticker)
    const yes = levels(orderbook_fp.yes_dollars)
    const no = levels(orderbook_fp.no_dollars)
    if (market !== null && yes !== null && no !== null) books.set(market, { yes, no })
  }
  return books
}

function levels(pairs: readonly (readonly [string, string])[] | null | undefined): Level[] | null {
  const read: Level[] = []
  for (const [priceText, sizeText] of pairs ?? []) {
    const price = parsePrice(priceText)
    const size = parseSize(sizeText)
    if (price === null || size === null) return null
    if (size > 0) read.push([price, size])
  }
  return read.sort((a, b) => b[0] - a[0])
}
