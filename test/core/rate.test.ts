import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { type Bucket, fullBucket, rateWord, refilled, retryAfterMs, taken } from '#core/rate'

const START = 1_790_000_000_000_000 as Micros

/** Offers requests evenly. @returns how many were accepted */
function offered(perS: number, offeredPerS: number, seconds: number): number {
  let bucket = fullBucket(perS, START)
  let accepted = 0
  for (let at = 0; at < offeredPerS * seconds; at++) {
    // As the clock of the platform tells it: whole milliseconds.
    const ms = Math.floor((at * 1000) / offeredPerS)
    bucket = refilled(bucket, perS, (START + ms * 1000) as Micros)
    const left = taken(bucket)
    if (left === null) continue
    bucket = left
    accepted += 1
  }
  return accepted
}

test.each([5, 25, 100, 300])(
  'at %i/s all that is offered below is accepted, and of more the rate and a burst',
  (perS) => {
    for (const [times, seconds] of [
      [0.5, 30],
      [0.99, 60],
      [1.1, 60],
      [2, 60],
      [10, 30],
    ] as const) {
      const whole = Math.floor(perS * times * seconds)
      const allowed = Math.min(whole, perS * seconds + 2 * perS)
      const accepted = offered(perS, perS * times, seconds)
      expect(Math.abs(accepted - allowed)).toBeLessThanOrEqual(Math.max(1, allowed * 0.02))
    }
  },
)

test('no more than the rate and a burst is accepted of anything, and a request at Retry-After is', () => {
  const waits = fc.array(fc.nat(2_000_000), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), waits, (perS, gaps) => {
      let bucket: Bucket = fullBucket(perS, START)
      let nowUs: number = START
      let accepted = 0
      for (const gap of gaps) {
        nowUs += gap
        bucket = refilled(bucket, perS, nowUs as Micros)
        const left = taken(bucket)
        if (left === null) {
          const later = nowUs + retryAfterMs(bucket, perS) * 1000
          expect(taken(refilled(bucket, perS, later as Micros))).not.toBeNull()
          const sooner = later - 1000
          if (sooner > nowUs) expect(taken(refilled(bucket, perS, sooner as Micros))).toBeNull()
          continue
        }
        accepted += 1
        bucket = left
        expect(Number.isSafeInteger(bucket.level)).toBe(true)
      }
      expect(accepted).toBeLessThanOrEqual(2 * perS + ((nowUs - START) * perS) / 1e6)
    }),
  )
})

test('its word says what may come now, and when it is as if none had come', () => {
  let bucket = fullBucket(5, START)
  expect(rateWord(bucket, 5)).toEqual({ perS: 5, burst: 10, remaining: 10, resetMs: 0 })
  for (let i = 0; i < 10; i++) bucket = taken(bucket) ?? bucket
  expect(rateWord(bucket, 5)).toEqual({ perS: 5, burst: 10, remaining: 0, resetMs: 2000 })
  expect(retryAfterMs(bucket, 5)).toBe(200)
})

test('a clock that goes back gives nothing, and counts on from there', () => {
  let bucket = taken(fullBucket(5, START)) ?? fullBucket(5, START)
  bucket = refilled(bucket, 5, (START - 3_600_000_000) as Micros)
  expect(rateWord(bucket, 5).remaining).toBe(9)
  bucket = refilled(bucket, 5, (START - 3_599_800_000) as Micros)
  expect(rateWord(bucket, 5).remaining).toBe(10)
})
