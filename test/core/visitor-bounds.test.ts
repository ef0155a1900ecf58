import { expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { visitorMayCall, visitorObjection } from '#core/visitor-bounds'

const NOW = 1_795_000_000_000_000 as Micros
const HOUR = 3_600_000_000
const judge = (path: string, query: Record<string, string> = {}, streamed = false) =>
  visitorObjection({ path, query, streamed }, ['A-1', 'B-2'], NOW)
const hoursAgo = (hours: number) => printInstant((NOW - hours * HOUR) as Micros)

test.each([
  ['/v1/markets/A-1', {}],
  ['/v1/markets/A-1/orderbook', { at: hoursAgo(23) }],
  ['/v1/markets/B-2/candles', { interval: '1m', from: hoursAgo(24) }],
  ['/v1/orderbooks', { tickers: 'B-2,A-1' }],
  ['/v1/deltas', { tickers: 'A-1', limit: '1000' }],
  ['/v1/stream', {}],
  ['/v1/stream/tickets', {}],
])('%s %j is shown', (path, query) => {
  expect(judge(path, query)).toBeNull()
})

test.each([
  ['/v1/markets', {}],
  ['/v1/markets/C-3', {}],
  ['/v1/markets/A-1/stream', {}],
  ['/v1/markets/A-1/orderbook/', {}],
  ['/v1/orderbooks', { tickers: 'A-1,C-3' }],
  ['/v1/orderbooks', {}],
  ['/v1/trades', {}],
  ['/v1/events/A/orderbook', {}],
  ['/v1/markets/A-1/orderbook', { at: hoursAgo(25) }],
  ['/v1/markets/A-1/orderbook', { at_seq: '5' }],
  ['/v1/markets/A-1/deltas', { after_seq: '5' }],
  ['/v1/markets/A-1/deltas', { from: '1700000000' }],
  ['/v1/markets/A-1/deltas', { limit: '1001' }],
])('%s %j is not', (path, query) => {
  expect(judge(path, query)).toMatchObject({ code: 'forbidden' })
})

test('rows without an end of a page are shown as far as a limit says', () => {
  expect(judge('/v1/markets/A-1/deltas', {}, true)).toMatchObject({ param: 'limit' })
  expect(judge('/v1/markets/A-1/deltas', { limit: '1000' }, true)).toBeNull()
})

test('an address that no visitor may call at all is told from one that has bounds', () => {
  const may = ['/v1/markets/{ticker}', '/v1/markets/{ticker}/bbo', '/v1/orderbooks', '/v1/stream']
  const mayNot = ['/v1/markets', '/v1/markets/{ticker}/stream', '/v1/events/{event}', '/v1/usage']
  expect(may.filter((path) => !visitorMayCall(path))).toEqual([])
  expect(mayNot.filter(visitorMayCall)).toEqual([])
})
