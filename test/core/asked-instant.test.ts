import { expect, test } from 'vitest'
import { notAhead, rangeFault } from '#core/asked-instant'
import { us } from './arbitraries.ts'

const NOW = us(1_795_345_898_000_000)

test('the past is answered as it is, two seconds ahead as now, and the rest is refused', () => {
  expect(notAhead(us(NOW - 1), 'at', NOW)).toEqual({ ok: true, at: NOW - 1 })
  expect(notAhead(us(NOW + 2_000_000), 'at', NOW)).toEqual({ ok: true, at: NOW })
  expect(notAhead(us(NOW + 2_000_001), 'from', NOW)).toMatchObject({
    ok: false,
    error: { code: 'invalid_param', param: 'from' },
  })
})

test('a range may be open, may end in the future, and must not be empty', () => {
  expect(rangeFault(undefined, undefined, NOW)).toBeNull()
  expect(rangeFault(us(1), us(NOW + 9e12), NOW)).toBeNull()
  expect(rangeFault(us(5), us(5), NOW)).toMatchObject({ code: 'invalid_param', param: 'to' })
  expect(rangeFault(us(NOW + 3e6), undefined, NOW)).toMatchObject({ param: 'from' })
})
