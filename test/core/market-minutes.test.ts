import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bringsRecord,
  countMinute,
  MarketMinutes,
  minuteOf,
  NO_MINUTES,
} from '#core/market-minutes'
import { boundsObjection } from '#core/stream-bounds'

const MINUTE_US = 60_000_000

/** What a connection is told, in order of time: of which market, after how many seconds more. */
const told = fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.integer({ min: 0, max: 90 })))

/** The same with their minutes. */
function inTime(some: readonly (readonly [string, number])[]): [string, number][] {
  let us = 1_700_000_000_000_000
  return some.map(([market, seconds]) => {
    us += seconds * 1_000_000
    return [market, minuteOf(us)]
  })
}

test('each market counts once in each minute in which it brought a record', () => {
  fc.assert(
    fc.property(told, (some) => {
      const minutes = new MarketMinutes()
      const all = inTime(some)
      for (const [market, minute] of all) minutes.count(market, minute)
      expect(minutes.kept.total).toBe(new Set(all.map((each) => each.join())).size)
    }),
  )
})

test('who goes on from a count that was kept counts nothing twice, and loses no more than what came since', () => {
  fc.assert(
    fc.property(told, told, told, (before, lost, after) => {
      const all = inTime([...before, ...lost, ...after])
      const first = new MarketMinutes()
      for (const [market, minute] of all.slice(0, before.length)) first.count(market, minute)
      const { kept } = first
      for (const [market, minute] of all.slice(before.length, before.length + lost.length)) {
        first.count(market, minute)
      }
      const second = new MarketMinutes(kept)
      const rest = all.slice(before.length + lost.length)
      for (const [market, minute] of rest) second.count(market, minute)
      const most = new Set(all.map((each) => each.join())).size
      const since = new Set(
        rest.filter(([, minute]) => minute > kept.minute).map((each) => each.join()),
      )
      expect(second.kept.total).toBe(kept.total + since.size)
      expect(second.kept.total).toBeLessThanOrEqual(most)
    }),
  )
})

test('a clock that goes back counts nothing twice', () => {
  const minutes = new MarketMinutes()
  for (const minute of [5, 6, 5, 6]) minutes.count('A', minute)
  expect(minutes.kept).toEqual({ total: 2, minute: 6 })
})

test('a market of its own counts its minutes without their names', () => {
  fc.assert(
    fc.property(told, (some) => {
      const all = inTime(some)
      const counted = all.reduce((sum, [, minute]) => countMinute(sum, minute), NO_MINUTES)
      expect(counted.total).toBe(new Set(all.map(([, minute]) => minute)).size)
    }),
  )
})

test('a minute begins with the minute of UTC', () => {
  expect([0, MINUTE_US - 1, MINUTE_US].map(minuteOf)).toEqual([0, 0, 1])
})

test.each([
  [{ type: 'deltas' }, true],
  [{ type: 'trade' }, true],
  [{ type: 'bbo' }, true],
  [{ type: 'snapshot', image: false }, true],
  [{ type: 'snapshot', image: true }, false],
  [{ type: 'gap' }, false],
  [{ type: 'end' }, false],
  [{ type: 'heartbeat' }, false],
  [{ type: 'status' }, false],
  [{ type: 'joined' }, false],
])('%j brings a record: %s', (message, brings) => {
  expect(bringsRecord(message)).toBe(brings)
})

const bounds = { until_ms: 1, markets: ['A', 'B'], conflate_ms: 250 }
const wanted = {
  channels: ['book' as const],
  markets: ['A'],
  events: [],
  series: [],
  all: false,
  depth: null,
  conflate_ms: 250,
}

test.each([
  [{}, null],
  [{ markets: ['A', 'B'] }, null],
  [{ markets: ['C'] }, 'markets'],
  [{ all: true }, 'markets'],
  [{ events: ['E'] }, 'markets'],
  [{ series: ['S'] }, 'markets'],
  [{ conflate_ms: 249 }, 'conflate_ms'],
])('who is bounded and asks for %j is told what is wrong: %s', (over, field) => {
  const fault = boundsObjection(bounds, { ...wanted, ...over })
  expect(fault?.message.split(':')[0] ?? null).toBe(field)
})
