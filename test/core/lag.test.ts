import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { Lag } from '#core/lag'

test('percentiles are of the last samples only, and a clock that is ahead counts as no lag', () => {
  const lag = new Lag(4)
  expect(lag.percentile(0.5)).toBeNull()
  for (const ms of [900, 900, 1, 2, 3, -5]) lag.add(0 as Micros, (ms * 1000) as Micros)
  expect(lag.percentile(0)).toBe(0)
  expect(lag.percentile(0.5)).toBe(2)
  expect(lag.percentile(1)).toBe(3)
})
