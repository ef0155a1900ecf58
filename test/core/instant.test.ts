import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseInstant, printInstant } from '#core/instant'
import { us } from './arbitraries.ts'

const AT = 1_795_280_400_250_000

test.each([
  ['2026-11-21T17:00:00.25Z', AT],
  ['2026-11-21T17:00:00.250000Z', AT],
  ['2026-11-21t17:00:00.250z', AT],
  ['2026-11-21T17:00:00.250000999Z', AT],
  ['2026-11-21T19:30:00.25+02:30', AT],
  ['2026-11-21T12:00:00.25-05:00', AT],
  ['1795280400', AT - 250_000],
  ['1795280400250', AT],
  ['1795280400250000', AT],
  ['1795280400250000999', AT],
  ['1970-01-01T00:00:00Z', 0],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
])('reads %s', (text, at) => {
  expect(parseInstant(text)).toBe(at)
})

test.each([
  ['2026-11-21T17:00:00', 'no zone'],
  ['2026-11-21', 'no time'],
  ['2026-11-21 17:00:00Z', 'a space for the T'],
  ['2026-02-29T00:00:00Z', 'a day that year does not have'],
  ['2026-13-01T00:00:00Z', 'a thirteenth month'],
  ['2026-00-01T00:00:00Z', 'a month zero'],
  ['2026-01-00T00:00:00Z', 'a day zero'],
  ['2026-01-01T24:00:00Z', 'hour 24'],
  ['2026-01-01T00:60:00Z', 'minute 60'],
  ['2026-01-01T00:00:60Z', 'second 60'],
  ['2026-01-01T00:00:00.Z', 'a point without digits'],
  ['2026-01-01T00:00:00+24:00', 'a zone of a day'],
  ['0050-01-01T00:00:00Z', 'a year that the calendar would move'],
  ['9999-12-31T23:59:59Z', 'beyond exact microseconds'],
  ['9999999999999999', 'beyond exact microseconds, by digits'],
  ['179528040', '9 digits'],
  ['17952804000', '11 digits'],
  ['-1795280400', 'a sign'],
  ['1.795280400', 'a point in epoch time'],
  ['now', 'a word'],
  ['', 'nothing'],
])('refuses %j: %s', (text) => {
  expect(parseInstant(text)).toBeNull()
})

test('prints UTC with exactly six decimals', () => {
  expect(printInstant(us(AT))).toBe('2026-11-21T17:00:00.250000Z')
  expect(printInstant(us(AT + 1))).toBe('2026-11-21T17:00:00.250001Z')
  expect(printInstant(us(0))).toBe('1970-01-01T00:00:00.000000Z')
})

test('every instant survives being printed and read, to the microsecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (n) => {
      expect(parseInstant(printInstant(us(n)))).toBe(n)
    }),
  )
})

test('whatever text comes, what is read is an exact integer or nothing', () => {
  const text = fc.oneof(
    fc.stringMatching(/^\d{10,19}$/),
    fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/),
  )
  fc.assert(
    fc.property(text, (raw) => {
      const read = parseInstant(raw)
      expect(read === null || Number.isSafeInteger(read)).toBe(true)
    }),
  )
})
