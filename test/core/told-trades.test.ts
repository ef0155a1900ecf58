import { expect, test } from 'vitest'
import { ToldTrades } from '#core/told-trades'
import type { WireTrade } from '#core/wire/trade'

function trade(market: string, id: number): WireTrade {
  const fixed = { price: '0.4200', size: '1.00', taker: 'yes', block: false } as const
  const at = { event_us: 1, recv_us: 2, source: 'stream' } as const
  return { type: 'trade', market, trade_id: `t${id}`, ...fixed, ...at }
}

test('a trade was told once it was noted, by market and id, whatever brought it', () => {
  const told = new ToldTrades()
  told.note(trade('A', 1))
  expect(told.has({ ...trade('A', 1), source: 'refill' })).toBe(true)
  expect(told.has(trade('B', 1))).toBe(false)
  expect(told.has(trade('A', 2))).toBe(false)
})

test('the oldest are forgotten first', () => {
  const told = new ToldTrades(2)
  for (const id of [1, 2, 2, 3]) told.note(trade('A', id))
  expect([1, 2, 3].map((id) => told.has(trade('A', id)))).toEqual([false, true, true])
})
