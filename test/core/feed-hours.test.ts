import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillHours, type SampledHour } from '#core/feed-hours'
import { MINUTE_US } from '#core/feed-incidents'
import type { Micros } from '#core/instant'

const HOUR = 3_600_000_000
const BEGIN = (497_000 * HOUR) as Micros
const at = (minute: number) => (BEGIN + minute * MINUTE_US) as Micros

const sampled = (hour: number, counts: Partial<SampledHour> = {}): SampledHour => ({
  hourUs: at(60 * hour),
  healthy: 0,
  degraded: 0,
  down: 0,
  lagP50Ms: null,
  lagP99Ms: null,
  watermarkLagMs: null,
  staleBooks: null,
  ...counts,
})

test('each hour of a stretch is told, those in which nobody looked too', () => {
  const seen = sampled(1, { healthy: 50, down: 2, lagP50Ms: 1.5, staleBooks: 3 })
  const hours = fillHours([seen], { fromUs: at(30), toUs: at(185) })
  expect(hours.map(({ hourUs, minutes }) => [hourUs, minutes.unknown])).toEqual([
    [at(0), 30],
    [at(60), 8],
    [at(120), 60],
    [at(180), 5],
  ])
  expect(hours[1]).toMatchObject({
    minutes: { healthy: 50, degraded: 0, down: 2 },
    lagP50Ms: 1.5,
    staleBooks: 3,
  })
  expect(hours[2]).toMatchObject({ lagP50Ms: null, staleBooks: null })
})

test('all minutes of a stretch are counted once', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(500), (from, length) => {
      const hours = fillHours([], { fromUs: at(from), toUs: at(from + length) })
      expect(hours.reduce((sum, { minutes }) => sum + minutes.unknown, 0)).toBe(length)
    }),
  )
})
