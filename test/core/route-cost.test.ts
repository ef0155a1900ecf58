import { expect, test } from 'vitest'
import { hasCost, isPriced, mostCredits, reservedCredits } from '#core/route-cost'

const asked = (route: string | null, over = {}) => ({
  route,
  tickers: undefined,
  limit: undefined,
  streamed: false,
  ...over,
})

test.each([
  ['/v1/markets/{ticker}/orderbook', {}, 1, 1],
  ['/v1/orderbooks', { tickers: 'A,B,C' }, 3, 3],
  ['/v1/orderbooks', {}, 1, 1],
  ['/v1/orderbooks', { tickers: ','.repeat(5000) }, 100, 100],
  ['/v1/events/{event}/orderbook', {}, 1, 500],
  ['/v1/trades', {}, 1, 1],
  ['/v1/trades', { limit: '1001' }, 2, 2],
  ['/v1/trades', { limit: '10000' }, 10, 10],
  ['/v1/trades', { limit: '-1' }, 10, 10],
  ['/v1/trades', { limit: 'many' }, 10, 10],
  ['/v1/trades', { streamed: true }, 10, null],
  ['/v1/trades', { streamed: true, limit: '2000' }, 2, 2],
  ['/v1/markets', { limit: '10000' }, 1, 1],
  ['/v1/markets', { streamed: true }, 10, null],
  ['/v1/markets/{ticker}', {}, 1, 1],
  ['/v1/whoami', { limit: '9' }, 0, 0],
  [null, { tickers: 'A,B' }, 0, 0],
])('%s with %o reserves %s and costs %s at most', (route, over, reserved, most) => {
  expect(reservedCredits(asked(route, over))).toBe(reserved)
  expect(mostCredits(asked(route, over))).toBe(most)
})

test('what is free is told apart from what nobody knows', () => {
  expect([isPriced('/v1/trades'), isPriced('/v1/whoami'), isPriced(null)]).toEqual([
    true,
    false,
    false,
  ])
  expect([hasCost('/v1/whoami'), hasCost('/v1/nowhere'), hasCost('toString')]).toEqual([
    true,
    false,
    false,
  ])
})
