import { expect, test } from 'vitest'
import { printRate, printRatePolicy } from '#core/rate-field'

test('a limit is told in whole requests and whole seconds, none too early', () => {
  const state = {
    policy: 'plan',
    most: 200,
    windowMs: 2000,
    remaining: 198.9,
    resetMs: 11,
  } as const
  expect(printRatePolicy(state)).toBe('"plan";q=200;w=2')
  expect(printRate(state)).toBe('"plan";r=198;t=1')
  const whole = { ...state, policy: 'address', remaining: -1, resetMs: 0 } as const
  expect(printRate(whole)).toBe('"address";r=0;t=0')
})
