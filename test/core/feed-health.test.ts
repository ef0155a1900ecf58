import { expect, test } from 'vitest'
import { type BeatFacts, FeedHealth, FRESH_MS, isFresh } from '#core/feed-health'

const beat = (sentMs: number, more: Partial<BeatFacts> = {}): BeatFacts => ({
  sent_us: sentMs * 1000,
  upstream_age_ms: 0,
  lag_p50_ms: 1,
  lag_p99_ms: 2,
  stale: 0,
  gaps: 0,
  ...more,
})

test('a beat vouches for the moment it was sent, on the clock of who hears it', () => {
  const health = new FeedHealth(0)
  expect(health.vouchedMs).toBeNull()
  // The collector's clock is 5 s ahead, the way takes 20 ms at the best.
  health.beat(beat(15_000), 10_020)
  expect(health.vouchedMs).toBe(10_020)
  // This one was held up for 700 ms.
  health.beat(beat(16_000), 11_720)
  expect(health.vouchedMs).toBe(11_020)
  expect(health.heardMs).toBe(11_720)
})

test('a first beat that comes late is not taken for a quick one: 4 s of delay are no clock error', () => {
  const health = new FeedHealth(0)
  health.beat(beat(6000), 10_000)
  expect(isFresh(health.vouchedMs, 10_000)).toBe(false)
})

test('a clock that is slewed is followed within a minute of beats', () => {
  const health = new FeedHealth(0)
  health.beat(beat(3000), 1000)
  for (let second = 2; second < 70; second++) health.beat(beat(second * 1000), second * 1000)
  expect(health.vouchedMs).toBe(69_000)
})

test('a collector that has not heard from the exchange for a while vouches only up to then', () => {
  const health = new FeedHealth(0)
  health.beat(beat(1000), 1010)
  health.beat(beat(2000, { upstream_age_ms: 900 }), 2010)
  expect(health.vouchedMs).toBe(1110)
  expect(isFresh(health.vouchedMs, 2010 + FRESH_MS - 900)).toBe(true)
  expect(isFresh(health.vouchedMs, 2011 + FRESH_MS - 900)).toBe(false)
})

test('a collector that is not connected to the exchange vouches for nothing', () => {
  const health = new FeedHealth(0)
  health.beat(beat(0), 10)
  health.beat(beat(1000, { upstream_age_ms: null }), 1010)
  expect(health.vouchedMs).toBeNull()
  expect(health.word()).toBe('degraded')
})

test('a collector that must hold records back does not vouch further by beating', () => {
  const health = new FeedHealth(0)
  health.beat(beat(0), 10)
  health.unacknowledged = 8
  health.beat(beat(1000), 1010)
  expect(health.vouchedMs).toBe(10)
  health.unacknowledged = 7
  health.beat(beat(2000), 2010)
  expect(health.vouchedMs).toBe(2010)
})

test('the feed is healthy after a good beat, degraded before it and with stale books', () => {
  const health = new FeedHealth(0)
  expect(health.word()).toBe('degraded')
  health.beat(beat(0), 10)
  expect(health.word()).toBe('healthy')
  health.beat(beat(0, { stale: 1 }), 10)
  expect(health.word()).toBe('degraded')
})

test('a book is fresh for less than two seconds', () => {
  expect(FRESH_MS).toBeLessThan(2000)
  expect(isFresh(1000, 1000 + FRESH_MS)).toBe(true)
  expect(isFresh(1000, 1001 + FRESH_MS)).toBe(false)
  expect(isFresh(null, 0)).toBe(false)
})
