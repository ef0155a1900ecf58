import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CoverageParts, countCoverage, type Grade, wholeDays } from '#core/coverage'
import { must, us } from './arbitraries.ts'

const DAY = 86_400_000_000
const HOUR = 3_600_000_000
/** 2026-11-21T00:00Z. */
const MIDNIGHT = 1_795_219_200_000_000
const at = (hours: number) => us(MIDNIGHT + hours * HOUR)
const days = (first: number, count: number) => ({
  fromUs: at(24 * first),
  toUs: at(24 * (first + count)),
})

function count(over: Partial<CoverageParts>) {
  const parts = { days: days(0, 2), log: { fromUs: at(0), toUs: at(48) }, records: [], gaps: [] }
  return countCoverage({ ...parts, ...over })
}

const gap = (from: number, to: number | null) => ({
  from: at(from),
  to: to === null ? null : at(to),
})

test('days are cut at midnight UTC, and a gap across it counts in both', () => {
  const { total, days } = count({ gaps: [gap(23, 26)] })
  expect(days.map((day) => [day.day, day.gapUs / HOUR, day.coveredUs / HOUR, day.gaps])).toEqual([
    [at(0), 1, 23, 1],
    [at(24), 2, 22, 1],
  ])
  expect(total).toMatchObject({ gapUs: 3 * HOUR, coveredUs: 45 * HOUR, gaps: 1 })
})

test('time in several gaps counts once, and each of them is counted', () => {
  const { total } = count({ gaps: [gap(3, 5), gap(1, 4), gap(2, 3), gap(30, 31)] })
  expect(total).toMatchObject({ gapUs: 5 * HOUR, gaps: 4 })
})

test('a gap that lasts still ends with the log, as far as it is known', () => {
  const { days } = count({ log: { fromUs: at(0), toUs: at(30) }, gaps: [gap(20, null)] })
  expect(days.map((day) => day.gapUs / HOUR)).toEqual([4, 6])
  expect(days.map((day) => day.coveredUs / HOUR)).toEqual([20, 0])
})

test('time before the log and after its end is neither covered nor a gap, and a day without it has no grade', () => {
  const log = { fromUs: at(30), toUs: at(40) }
  const counted = count({ days: days(0, 3), log, gaps: [gap(10, 31), gap(39, 70)] })
  expect(counted.days.map((day) => [day.coveredUs / HOUR, day.gapUs / HOUR, day.grade])).toEqual([
    [0, 0, null],
    [8, 2, 'F'],
    [0, 0, null],
  ])
  expect(count({ log: null, gaps: [gap(1, 2)] }).total).toEqual({
    records: 0,
    deltas: 0,
    coveredUs: 0,
    gapUs: 0,
    gaps: 0,
    grade: null,
  })
})

test('records are told of their own days and summed', () => {
  const records = [
    { day: at(24), records: 7, deltas: 5 },
    { day: at(72), records: 9, deltas: 9 },
  ]
  const { total, days } = count({ records })
  expect(days.map((day) => [day.records, day.deltas])).toEqual([
    [0, 0],
    [7, 5],
  ])
  expect(total).toMatchObject({ records: 7, deltas: 5, grade: 'A' })
})

test('a grade says how much of the log’s time is known', () => {
  const grades: readonly [number, Grade][] = [
    [0, 'A'],
    [1, 'B'],
    [DAY / 1000, 'B'],
    [DAY / 1000 + 1, 'C'],
    [DAY / 100, 'C'],
    [DAY / 100 + 1, 'D'],
    [DAY / 10, 'D'],
    [DAY / 10 + 1, 'F'],
    [DAY, 'F'],
  ]
  for (const [gapUs, grade] of grades) {
    const gaps = [{ from: at(0), to: us(at(0) + gapUs) }]
    expect(must(count({ days: days(0, 1), gaps }).days[0]).grade, String(gapUs)).toBe(grade)
  }
})

test('the whole days that a stretch touches', () => {
  expect(wholeDays({ fromUs: at(1), toUs: at(2) })).toEqual(days(0, 1))
  expect(wholeDays({ fromUs: at(0), toUs: at(24) })).toEqual(days(0, 1))
  expect(wholeDays({ fromUs: at(23), toUs: us(at(24) + 1) })).toEqual(days(0, 2))
})

const hour = fc.integer({ min: -30, max: 110 })
const anyGap = fc
  .tuple(hour, fc.option(fc.nat(60)))
  .map(([from, length]) => gap(from, length === null ? null : from + length))
const anyParts = fc.record({
  log: fc.option(
    fc.tuple(hour, fc.nat(100)).map(([from, length]) => [from, from + length] as const),
  ),
  gaps: fc.array(anyGap, { maxLength: 8 }),
  first: fc.integer({ min: -1, max: 2 }),
  count: fc.nat(4),
})

test('coverage equals a count hour by hour', () => {
  fc.assert(
    fc.property(anyParts, ({ log, gaps, first, count: many }) => {
      const span = log && { fromUs: at(log[0]), toUs: at(log[1]) }
      const counted = count({ days: days(first, many), log: span, gaps })
      const hours = Array.from({ length: 24 * many }, (_, n) => 24 * first + n)
      const logged = hours.filter((h) => log !== null && log[0] <= h && h < log[1])
      const lost = logged.filter((h) => {
        return gaps.some(({ from, to }) => from <= at(h) && (to === null || to > at(h)))
      })
      expect(counted.days).toHaveLength(many)
      expect(counted.total.gapUs).toBe(lost.length * HOUR)
      expect(counted.total.coveredUs).toBe((logged.length - lost.length) * HOUR)
      expect(counted.total.grade === null).toBe(logged.length === 0)
      for (const [n, day] of counted.days.entries()) {
        const own = (h: number) => Math.floor(h / 24) === first + n
        expect(day.gapUs).toBe(lost.filter(own).length * HOUR)
        expect(day.coveredUs + day.gapUs).toBe(logged.filter(own).length * HOUR)
        const touching = gaps.filter(({ from, to }) => {
          const inside = logged.filter(own).map(at)
          const [start, end] = [inside[0], inside.at(-1)]
          if (start === undefined || end === undefined) return false
          return from < end + HOUR && (to === null || (to > start && to > from))
        })
        const lasting = gaps.every(({ from, to }) => from !== to)
        if (lasting) expect(day.gaps).toBe(touching.length)
      }
    }),
  )
})
