import { expect, test } from 'vitest'
import { earliestRead, historyFault, isReadByAll } from '#core/history-bound'
import { PLANS } from '#core/plan'
import { us } from './arbitraries.ts'

const DAY = 86_400_000_000
const NOW = us(Date.UTC(2026, 10, 22) * 1000)
const ago = (days: number) => us(NOW - days * DAY)

test('a free plan reads 30 days, others all', () => {
  expect(earliestRead(PLANS.free, NOW)).toBe(ago(30))
  expect(earliestRead(PLANS.starter, NOW)).toBeNull()
  expect(historyFault(ago(30), 'at', PLANS.free, NOW)).toBeNull()
  expect(historyFault(ago(4000), 'at', PLANS.scale, NOW)).toBeNull()
  expect(historyFault(ago(31), 'from', PLANS.free, NOW)).toEqual({
    code: 'forbidden',
    param: 'from',
    message: 'this plan reads the last 30 days, from 2026-10-23T00:00:00.000000Z on',
  })
})

test('a request that took up to a minute to come is no older for that', () => {
  expect(historyFault(us(ago(30) - 60_000_000), 'at', PLANS.free, NOW)).toBeNull()
  expect(historyFault(us(ago(30) - 60_000_001), 'at', PLANS.free, NOW)).not.toBeNull()
})

test('what every plan reads needs no look at the plan', () => {
  expect(isReadByAll(ago(30), NOW)).toBe(true)
  expect(isReadByAll(us(ago(30) - 1), NOW)).toBe(false)
})
