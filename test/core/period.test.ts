import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { hourOf, monthOf, proratedCredits } from '#core/period'

const at = (text: string) => (Date.parse(text) * 1000) as Micros

test('a month is the calendar’s, in UTC, leap years and year ends too', () => {
  expect(monthOf(at('2026-12-31T23:59:59.999Z'))).toEqual({
    fromUs: at('2026-12-01T00:00:00Z'),
    toUs: at('2027-01-01T00:00:00Z'),
  })
  expect(monthOf(at('2028-02-29T12:00:00Z')).toUs).toBe(at('2028-03-01T00:00:00Z'))
  expect(monthOf(at('2026-11-01T00:00:00Z')).fromUs).toBe(at('2026-11-01T00:00:00Z'))
})

test('every instant lies in its hour, and its hour in its month', () => {
  const instants = fc.integer({ min: 0, max: at('2100-01-01T00:00:00Z') })
  fc.assert(
    fc.property(instants, (us) => {
      const hour = hourOf(us as Micros)
      const month = monthOf(us as Micros)
      expect(us - hour).toBeGreaterThanOrEqual(0)
      expect(us - hour).toBeLessThan(3_600_000_000)
      expect(hour % 3_600_000_000).toBe(0)
      expect(month.fromUs).toBeLessThanOrEqual(hour)
      expect(month.toUs).toBeGreaterThan(us)
    }),
  )
})

test('credits are prorated by the second, and parts of a month never make more than the whole', () => {
  expect(proratedCredits(500_000, at('2026-11-01T00:00:00Z'))).toBe(500_000)
  expect(proratedCredits(500_000, at('2026-11-16T00:00:00Z'))).toBe(250_000)
  expect(proratedCredits(500_000, at('2026-11-30T23:59:59.999Z'))).toBe(0)
  const month = monthOf(at('2026-11-22T00:00:00Z'))
  const instants = fc.integer({ min: month.fromUs, max: month.toUs - 1 })
  const plans = fc.array(fc.integer({ min: 0, max: 15_000_000 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(instants, plans, (us, parts) => {
      const whole = parts.reduce((sum, credits) => sum + credits, 0)
      const split = parts.reduce((sum, each) => sum + proratedCredits(each, us as Micros), 0)
      expect(split).toBeLessThanOrEqual(proratedCredits(whole, us as Micros))
    }),
  )
})
