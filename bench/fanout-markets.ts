import type { Sql } from 'postgres'
import type { Ladders, Level } from '#core/log'
import { asPrice } from '#core/price'
import { asSize } from '#core/size'
import type { Ticker } from '#core/ticker'

/** The series of all markets of the bench. */
export const SERIES = 'KBFAN'
const EVENT_MARKETS = 100
const LEVELS = 10
const CENT = 10_000
const BEST = { yes: 40, no: 59 } as const
const SIZE = 90_000

/** The ticker of market `nth`. */
export function fanoutTicker(nth: number): Ticker {
  return `${eventOf(nth)}-T${nth}` as Ticker
}

/** The book that every market begins with: ten levels a side. Throws RangeError if it could not be one. */
export function firstBook(): Ladders {
  const side = (best: number) =>
    Array.from({ length: LEVELS }, (_, level): Level => {
      const [price, size] = [asPrice((best - level) * CENT), asSize(SIZE + level)]
      if (price === null || size === null) throw new RangeError('no such level')
      return [price, size]
    })
  return { yes: side(BEST.yes), no: side(BEST.no) }
}

/** Stores so many active markets with their series and events. Throws as Postgres does. */
export async function storeMarkets(owner: Sql, count: number): Promise<void> {
  const markets = Array.from({ length: count }, (_, nth) => ({
    ticker: fanoutTicker(nth),
    event: eventOf(nth),
  }))
  const listed = owner`
    select value->>'ticker' as ticker, value->>'event' as event
    from jsonb_array_elements(${owner.json(markets)})`
  await owner`
    insert into kb.series (ticker, title, raw, updated_us) values (${SERIES}, 'Fan-out', '{}', 1)`
  await owner`
    insert into kb.events (ticker, series_ticker, title, raw, updated_us)
    select distinct event, ${SERIES}, 'An event', '{}'::jsonb, 1 from (${listed}) listed`
  await owner`
    insert into kb.markets
      (ticker, event_ticker, series_ticker, title, market_type, status, raw, first_seen_us, updated_us)
    select ticker, event, ${SERIES}, 'A question', 'binary', 'active', '{}'::jsonb, 1, 1
    from (${listed}) listed`
  await owner`analyze kb.markets`
}

function eventOf(nth: number): string {
  return `${SERIES}-${Math.floor(nth / EVENT_MARKETS)}`
}
