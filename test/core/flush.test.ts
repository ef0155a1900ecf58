import { expect, test } from 'vitest'
import { becomesImage, flushDelay } from '#core/flush'

test('fewer than two batches unacknowledged go out at once, up to eight every 10 ms or 64 KB, then none', () => {
  expect([0, 1].map((unacked) => flushDelay(unacked, 1))).toEqual([0, 0])
  expect([2, 7].map((unacked) => flushDelay(unacked, 1))).toEqual([10, 10])
  expect(flushDelay(7, 64 * 1024)).toBe(0)
  expect(flushDelay(8, 64 * 1024)).toBe('hold')
})

test('what was gathered becomes an image past two hundred records or two seconds', () => {
  expect(
    [
      [200, 0],
      [201, 0],
      [1, 2000],
      [1, 2001],
    ].map(([records = 0, ms = 0]) => becomesImage(records, ms)),
  ).toEqual([false, true, false, true])
})
