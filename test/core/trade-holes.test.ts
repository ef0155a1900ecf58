import { expect, test } from 'vitest'
import {
  finalBuckets,
  finalThrough,
  holesWithin,
  isWhole,
  TRADE_LATE_US,
  type TradeRecord,
} from '#core/trade-holes'
import { us } from './arbitraries.ts'

const LATE = TRADE_LATE_US
const MINUTE = 60_000_000
const T = 1_795_219_200_000_000
const at = (seconds: number) => us(T + seconds * 1_000_000)
const range = (from: number, to: number) => ({ fromUs: at(from), toUs: at(to) })

function record(over: Partial<TradeRecord> = {}): TradeRecord {
  return { begins: at(-1000), through: at(1000), unfilled: [], ...over }
}

const HOLE = { from: at(100), to: at(200) }

test('trades are final once late ones must have come', () => {
  expect(finalThrough(record(), range(0, 5000))).toBe(at(1000) - LATE)
  expect(finalThrough(record({ through: null }), range(0, 5000))).toBeNull()
  expect(finalThrough(record({ through: us(1) }), range(0, 5000))).toBe(0)
})

test('a hole counts where it overlaps, wider than by our clock as the exchange’s may differ', () => {
  const holed = record({ unfilled: [HOLE] })
  const told = { from: at(100) - LATE, to: at(200) + LATE }
  for (const [from, to, found] of [
    [0, 90, []],
    [0, 91, [told]],
    [209, 300, [told]],
    [210, 300, []],
  ] as const) {
    expect(holesWithin(holed, range(from, to))).toEqual(found)
    const through = found.length === 0 ? at(1000) - LATE : at(100) - LATE - 1
    expect(finalThrough(holed, range(from, to))).toBe(through)
  }
})

test('a hole without an end overlaps all that follows', () => {
  const holed = record({ unfilled: [{ from: at(100), to: null }] })
  expect(holesWithin(holed, range(900, 901))).toEqual([{ from: at(100) - LATE, to: null }])
  expect(finalThrough(holed, range(900, 901))).toBe(at(100) - LATE - 1)
})

test('the earliest hole of a range limits what is final', () => {
  const holed = record({ unfilled: [HOLE, { from: at(500), to: at(501) }] })
  expect(finalThrough(holed, range(0, 5000))).toBe(at(100) - LATE - 1)
  expect(finalThrough(holed, range(300, 5000))).toBe(at(500) - LATE - 1)
})

test('the time before the record began is a hole that limits nothing, as it is never filled', () => {
  expect(holesWithin(record({ begins: at(50) }), range(0, 80))).toEqual([
    { from: at(0), to: at(50) },
  ])
  expect(holesWithin(record({ begins: at(50) }), range(50, 80))).toEqual([])
  expect(holesWithin(record({ begins: null }), range(0, 80))).toEqual([{ from: at(0), to: at(80) }])
  expect(finalThrough(record({ begins: at(50) }), range(0, 80))).toBe(at(1000) - LATE)
})

test('a bucket is whole when all its trades are final and none can be missing', () => {
  const through = us(at(60) + LATE)
  expect(isWhole(record({ through }), range(0, 60))).toBe(true)
  expect(isWhole(record({ through: us(through - 1) }), range(0, 60))).toBe(true)
  expect(isWhole(record({ through: us(through - 2) }), range(0, 60))).toBe(false)
  expect(isWhole(record({ unfilled: [HOLE] }), range(120, 180))).toBe(false)
  expect(isWhole(record({ begins: at(1) }), range(0, 60))).toBe(false)
  expect(isWhole(record({ through: null }), range(0, 60))).toBe(false)
})

test('a bucket’s start is final when its end is', () => {
  expect(finalBuckets(us(T + MINUTE - 1), MINUTE)).toBe(T + MINUTE - 1)
  expect(finalBuckets(us(T + MINUTE - 2), MINUTE)).toBe(T - 1)
  expect(finalBuckets(us(5), MINUTE)).toBeNull()
  expect(finalBuckets(null, MINUTE)).toBeNull()
})
