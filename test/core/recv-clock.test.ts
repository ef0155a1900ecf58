import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecvClock } from '#core/recv-clock'
import { us } from './arbitraries.ts'

const WALL = 1_795_280_400_000_000
const SECOND = 1_000_000

test('the clock is wall time at start plus monotonic elapsed time', () => {
  const clock = new RecvClock(WALL, 500, null)
  expect(clock.read(WALL, 500)).toBe(WALL)
  expect(clock.read(WALL + 1_234, 1_734)).toBe(WALL + 1_234)
  expect(clock.read(WALL + 2_000, 3_234)).toBe(WALL + 2_734)
})

test('the clock starts above what is stored, even when the wall was set back', () => {
  expect(new RecvClock(WALL, 0, us(WALL + SECOND)).read(WALL, 0)).toBe(WALL + SECOND + 1)
  expect(new RecvClock(WALL, 0, us(WALL)).read(WALL, 0)).toBe(WALL + 1)
  expect(new RecvClock(WALL, 0, us(WALL - 5)).read(WALL, 0)).toBe(WALL)
})

test.each([
  ['forward', SECOND],
  ['back', -SECOND],
])('a wall set %s by a second is met by slewing within half a minute, not by a step', (_, by) => {
  const clock = new RecvClock(WALL, 0, null)
  let before = clock.read(WALL, 0)
  for (let ms = 10; ms <= 30_000; ms += 10) {
    const now = clock.read(WALL + by + ms * 1_000, ms * 1_000)
    expect(now - before).toBeGreaterThanOrEqual(9_499)
    expect(now - before).toBeLessThanOrEqual(10_501)
    before = now
  }
  expect(Math.abs(before - (WALL + by + 30 * SECOND))).toBeLessThanOrEqual(2_001)
})

test('the clock never goes back and never tells a fraction, whatever both clocks do', () => {
  const reading = fc.tuple(
    fc.oneof(
      fc.double({ min: 0, max: 2 * WALL, noNaN: true }),
      fc.double({ min: WALL - SECOND, max: WALL + SECOND, noNaN: true }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0),
    ),
    fc.double({ min: -1e9, max: 1e12, noNaN: true }),
  )
  fc.assert(
    fc.property(fc.array(reading), fc.option(fc.nat(2 ** 31)), (readings, above) => {
      const stored = above === null ? null : us(WALL + above)
      const clock = new RecvClock(WALL, 0, stored)
      let before = (stored ?? 0) as number
      for (const [wall, mono] of readings) {
        const now = clock.read(wall, mono)
        expect(Number.isSafeInteger(now)).toBe(true)
        expect(now).toBeGreaterThanOrEqual(before)
        before = now
      }
    }),
  )
})

test('a monotonic clock that stands still lets no time pass, wherever the wall jumps', () => {
  const clock = new RecvClock(WALL, 100, null)
  expect(clock.read(WALL + SECOND, 100)).toBe(WALL)
  expect(clock.read(WALL - SECOND, 50)).toBe(WALL)
})
