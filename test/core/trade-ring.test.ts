import { expect, test } from 'vitest'
import { TradeRing } from '#core/trade-ring'
import type { WireTrade } from '#core/wire/trade'

const trade = (recv_us: number): WireTrade => ({
  type: 'trade',
  trade_id: String(recv_us),
  market: 'A-1',
  price: '0.4000',
  size: '1.00',
  taker: 'yes',
  block: false,
  event_us: recv_us,
  recv_us,
  source: 'stream',
})
const idsOf = (ring: TradeRing, fromUs: number) =>
  ring.from(fromUs)?.map(({ trade_id }) => Number(trade_id)) ?? null

test('it gives the trades received from a moment on, if it has heard all of them', () => {
  const ring = new TradeRing()
  ring.push([trade(5)])
  expect(idsOf(ring, 5)).toBeNull()
  ring.restart(10)
  ring.push([trade(11), trade(13)])
  ring.push([trade(20)])
  expect(idsOf(ring, 13)).toEqual([13, 20])
  expect(idsOf(ring, 10)).toEqual([11, 13, 20])
  expect(idsOf(ring, 21)).toEqual([])
  expect(idsOf(ring, 9)).toBeNull()
  ring.restart(null)
  expect(idsOf(ring, 20)).toBeNull()
})

test('it is bounded, and knows what it no longer has', () => {
  const ring = new TradeRing()
  ring.restart(0)
  for (let us = 1; us <= 250; us++) ring.push([trade(us)])
  expect(idsOf(ring, 50)).toBeNull()
  expect(idsOf(ring, 51)).toHaveLength(200)
})
