import { expect, test } from 'vitest'
import { Backoff, backoffMs } from '#core/backoff'

test('the first attempt comes within 1 s, the second within 2 s more, later ones never wait more than 30 s', () => {
  expect(backoffMs(0, 0.999)).toBeLessThan(1000)
  expect(backoffMs(1, 0.999)).toBeLessThan(2000)
  expect(backoffMs(2, 0.999)).toBeGreaterThan(3000)
  for (let attempt = 3; attempt < 5000; attempt++) {
    expect(backoffMs(attempt, 0.999)).toBeGreaterThan(backoffMs(2, 0.999))
    expect(backoffMs(attempt, 0.999)).toBeLessThanOrEqual(30_000)
  }
})

test('attempts of many are spread over the whole span, from nothing on', () => {
  expect(backoffMs(6, 0)).toBe(0)
  expect(backoffMs(6, 0.1)).toBeLessThan(backoffMs(6, 0.9) / 8)
})

/** The waits before the first attempt after each of so many losses, of connections that lasted so long. */
function firstWaits(losses: number, lastedMs: number): number[] {
  const backoff = new Backoff(60_000)
  return Array.from({ length: losses }, () => {
    backoff.lost(lastedMs)
    return backoff.next(0.999)
  })
}

test('a connection that is lost as soon as it is made is tried ever more seldom', () => {
  const waits = firstWaits(12, 100)
  expect(waits.slice(0, 6).every((ms) => ms < 1000)).toBe(true)
  expect(waits.at(-1)).toBeGreaterThan(25_000)
})

test('losses among healthy minutes, or now and then, are each met at once', () => {
  expect(Math.max(...firstWaits(50, 60_000))).toBeLessThan(1000)
  expect(Math.max(...firstWaits(50, 20_000))).toBeLessThan(1000)
})

test('within one outage the waits grow, and the next outage begins with a short one', () => {
  const backoff = new Backoff(60_000)
  backoff.lost(60_000)
  const waits = Array.from({ length: 8 }, () => backoff.next(0.999))
  expect(waits[1]).toBeLessThan(2000)
  expect(waits[5]).toBeGreaterThan(20_000)
  backoff.lost(60_000)
  expect(backoff.next(0.999)).toBeLessThan(1000)
})
