import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asSeq, epochOf, nextEpoch, numberOf, seqOf } from '#core/log'
import { epoch, seq } from './arbitraries.ts'

const HOUR = 3_600_000
const ZERO = Date.UTC(2026, 0, 1)

test('a seq is epoch · 2³² + n', () => {
  expect(seqOf(epoch(0), 0)).toBe(0)
  expect(seqOf(epoch(3), 7)).toBe(3 * 2 ** 32 + 7)
  expect(seqOf(epoch(3), 7) + 1).toBe(seqOf(epoch(3), 8))
})

test('a seq gives back its epoch and number', () => {
  const anyEpoch = fc.integer({ min: 0, max: 2 ** 21 - 1 }).map(epoch)
  const number = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(anyEpoch, number, (e, n) => {
      const made = seqOf(e, n)
      expect(Number.isSafeInteger(made)).toBe(true)
      expect([epochOf(made), numberOf(made)]).toEqual([e, n])
    }),
  )
})

test('any seq of a later epoch is above any of an earlier one', () => {
  expect(seqOf(epoch(8), 0)).toBeGreaterThan(seqOf(epoch(7), 2 ** 32 - 1))
})

test.each([
  [2 ** 21, 0, 'an epoch that reaches 2⁵³'],
  [0, 2 ** 32, 'more records than an epoch holds'],
  [0, -1, 'a negative number'],
  [-1, 0, 'a negative epoch'],
  [0, 0.5, 'a fraction'],
])('no seq for epoch %d, record %d: %s', (e, n) => {
  expect(() => seqOf(epoch(e), n)).toThrow(RangeError)
})

const leases: readonly (readonly [number | null, number, number, string])[] = [
  [null, ZERO, 0, 'the very first at the zero hour'],
  [null, ZERO + 5 * HOUR + 1, 5, 'the first of a new store starts at the hours since'],
  [4, ZERO + 5 * HOUR, 5, 'an old one is left behind by the hours'],
  [5, ZERO + 5 * HOUR, 6, 'a second lease within the hour goes one up'],
  [900, ZERO + 5 * HOUR, 901, 'ahead of the hours it still goes up'],
  [7, ZERO - HOUR, 8, 'a clock before 2026 changes nothing'],
  [null, ZERO - HOUR, 0, 'a clock before 2026 starts at none'],
]

test.each(leases)('after epoch %j at %d comes %d: %s', (last, nowMs, next) => {
  expect(nextEpoch(last === null ? null : epoch(last), nowMs)).toBe(next)
})

test('epochs only ever grow, whatever the clock says', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 20), fc.integer({ min: 0, max: 2 ** 42 }), (last, nowMs) => {
      expect(nextEpoch(epoch(last), nowMs)).toBeGreaterThan(last)
    }),
  )
})

test('only a safe integer from 0 is a seq', () => {
  expect([0, 2 ** 53 - 1].map(asSeq)).toEqual([seq(0), seq(2 ** 53 - 1)])
  expect([-1, 0.5, 2 ** 53, Number.NaN].map(asSeq)).toEqual([null, null, null, null])
})
