import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PLANS } from '#core/plan'
import { advisePlan, type DailyUse, monthlyCredits, readDailyUse } from '#core/plan-advice'

const NOTHING: DailyUse = { books: 0, rows: 0, minutes: 0 }
const amount = fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 1_000_000_000 }))
const anyUse = fc.record({ books: amount, rows: amount, minutes: amount })

test('a month has the credits of its books, of each thousand rows and of each hundred market-minutes', () => {
  expect(monthlyCredits(NOTHING)).toBe(0)
  expect(monthlyCredits({ books: 10, rows: 1001, minutes: 101 })).toBe(31 * (10 + 2 + 2))
})

test('who uses little is told the free plan, and that it sells nothing beyond its credits', () => {
  const advice = advisePlan({ ...NOTHING, books: 100 })
  expect([advice.credits, advice.cheapest]).toEqual([3100, 'free'])
  expect(advisePlan({ ...NOTHING, books: 1000 }).costs[0]).toEqual({
    plan: 'free',
    over: 21_000,
    cents: null,
  })
})

test('overage is counted, so that a small plan with some may be cheaper than a large one', () => {
  // 620,000 credits: 120,000 beyond those of Starter, at $8 for 100,000.
  const { costs, cheapest } = advisePlan({ ...NOTHING, books: 20_000 })
  expect(costs.map(({ cents }) => cents)).toEqual([null, 3900 + 960, 14_900, 49_900])
  expect(cheapest).toBe('starter')
})

test('part of a cent of overage is a cent', () => {
  const { costs } = advisePlan({ ...NOTHING, books: 16_130 })
  expect(costs[1]).toEqual({ plan: 'starter', over: 30, cents: 3901 })
})

test('no plan costs less than the one that is advised, whatever is used', () => {
  fc.assert(
    fc.property(anyUse, (use) => {
      const { credits, costs, cheapest } = advisePlan(use)
      const advised = costs.find(({ plan }) => plan === cheapest)?.cents ?? null
      expect(advised).not.toBeNull()
      for (const { plan, over, cents } of costs) {
        expect(over).toBe(Math.max(0, credits - PLANS[plan].credits))
        expect(Number.isSafeInteger(cents ?? 0)).toBe(true)
        if (cents !== null) expect(advised).toBeLessThanOrEqual(cents)
      }
    }),
  )
})

test('more use never costs less', () => {
  fc.assert(
    fc.property(anyUse, anyUse, (a, b) => {
      const both = {
        books: a.books + b.books,
        rows: a.rows + b.rows,
        minutes: a.minutes + b.minutes,
      }
      expect(leastCents(both)).toBeGreaterThanOrEqual(leastCents(a))
    }),
  )
})

function leastCents(use: DailyUse): number {
  const { costs, cheapest } = advisePlan(use)
  return costs.find(({ plan }) => plan === cheapest)?.cents ?? Number.NaN
}

test('numbers are read as people write them, and nothing is 0', () => {
  expect(readDailyUse({ books: '1,000', rows: ' 1 000 000 ', minutes: '10_000' })).toEqual({
    ok: true,
    use: { books: 1000, rows: 1_000_000, minutes: 10_000 },
  })
  expect(readDailyUse({ rows: '' })).toEqual({ ok: true, use: NOTHING })
})

test.each([
  ['-1', 'must be a whole number of 0 or more'],
  ['1.5', 'must be a whole number of 0 or more'],
  ['many', 'must be a whole number of 0 or more'],
  ['1e9', 'must be a whole number of 0 or more'],
  ['1000000001', 'may be up to 1,000,000,000'],
])('%s is no number of rows, and the field is named', (rows, message) => {
  expect(readDailyUse({ books: '1', rows })).toEqual({ ok: false, field: 'rows', message })
})
