import { expect, test } from 'vitest'
import { MARKET_STATUSES, tradingIsOver } from '#core/market-status'

test('trading is over from closed on; a pause is not the end', () => {
  expect(MARKET_STATUSES.filter((status) => !tradingIsOver(status))).toEqual([
    'initialized',
    'active',
    'inactive',
  ])
})
