import { z } from 'zod'
import type { Ladders, Level } from '../log.ts'
import { parsePrice } from '../price.ts'
import { parseSize } from '../size.ts'
import { parseTicker, type Ticker } from '../ticker.ts'

/**
 * `GET /markets/orderbooks`, as the exchange's OpenAPI 3.30 states it: https://docs.kalshi.com/openapi.yaml. Both sides are
 * there, an empty one as `[]`, or as null until early 2026: a side that is absent is none that we can read.
 */
const answer = z.object({ orderbooks: z.array(z.unknown()) })
const ladder = z.array(z.tuple([z.string(), z.string()])).nullable()
const orderbook = z.object({
  ticker: z.string(),
  orderbook_fp: z.object({ yes_dollars: ladder, no_dollars: ladder }),
})

/** The books of an answer, in our units; null when it is of another shape. A book that cannot be read is left out. */
export function readOrderbooks(body: unknown): ReadonlyMap<Ticker, Ladders> | null {
  const read = answer.safeParse(body)
  if (!read.success) return null
  const books = new Map<Ticker, Ladders>()
  for (const one of read.data.orderbooks) {
    const book = orderbook.safeParse(one)
    if (!book.success) continue
    const market = parseTicker(book.data.ticker)
    const yes = levels(book.data.orderbook_fp.yes_dollars)
    const no = levels(book.data.orderbook_fp.no_dollars)
    if (market !== null && yes !== null && no !== null) books.set(market, { yes, no })
  }
  return books
}

function levels(pairs: readonly (readonly [string, string])[] | null): Level[] | null {
  const read: Level[] = []
  for (const [priceText, sizeText] of pairs ?? []) {
    const price = parsePrice(priceText)
    const size = parseSize(sizeText)
    if (price === null || size === null) return null
    if (size > 0) read.push([price, size])
  }
  return read.sort((a, b) => b[0] - a[0])
}
