import { expect, test } from 'vitest'
import { Aside, shortReason } from '../../collector/aside.ts'
import { us } from '../core/arbitraries.ts'

test('what is kept of a frame is bounded, and has no account fields', () => {
  const aside = new Aside()
  const msg = { market_ticker: 'KXA', client_order_id: 'mine', deep: [{ subaccount: 3 }] }
  const kept = aside.add('malformed', JSON.stringify({ type: 'orderbook_delta', msg }), us(1))
  expect(kept).toBe('{"type":"orderbook_delta","msg":{"market_ticker":"KXA","deep":[{}]}}')
  expect(aside.add('unknown', JSON.stringify({ type: 'x'.repeat(5000) }), us(1))).toHaveLength(2000)
  expect(aside.add('malformed', 'no "client_order_id":"mine"', us(1))).not.toContain('mine')
  expect(aside.counts).toEqual({ unknown: 1, malformed: 2 })
})

test('a reason that quotes a frame is cut', () => {
  expect(shortReason(`type ${'x'.repeat(1_000_000)}`)).toHaveLength(200)
})
