import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { planOf } from '#core/plan'
import { streamedRangeFault } from '#core/streamed-range'

const DAY = 86_400_000_000

test.each([
  ['free', 1],
  ['starter', 31],
  ['pro', 366],
  ['a plan that nobody knows', 1],
])('%s streams %d days in one request and not a microsecond more', (plan, days) => {
  const range = (us: number) => ({ fromUs: 5 as Micros, toUs: (5 + us) as Micros })
  expect(streamedRangeFault(range(days * DAY), planOf(plan))).toBeNull()
  expect(streamedRangeFault(range(days * DAY + 1), planOf(plan))).toMatchObject({
    code: 'range_too_large',
    param: 'from',
    message: expect.stringContaining(`${days} day`),
  })
})

test('the largest plan streams any range', () => {
  const all = { fromUs: 0 as Micros, toUs: Number.MAX_SAFE_INTEGER as Micros }
  expect(streamedRangeFault(all, planOf('scale'))).toBeNull()
})
