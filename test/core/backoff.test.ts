import { expect, test } from 'vitest'
import { backoffMs } from '#core/backoff'

test('the first attempt comes within 1 s, the second within 2 s more, later ones never wait more than 30 s', () => {
  expect(backoffMs(0, 0.999)).toBeLessThan(1000)
  expect(backoffMs(1, 0.999)).toBeLessThan(2000)
  for (let attempt = 2; attempt < 5000; attempt++) {
    expect(backoffMs(attempt, 0)).toBeGreaterThanOrEqual(1000)
    expect(backoffMs(attempt, 0.999)).toBeLessThanOrEqual(30_000)
  }
})

test('attempts of many collectors are spread', () => {
  expect(backoffMs(6, 0.1)).toBeLessThan(backoffMs(6, 0.9) / 3)
})
