import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asSize, parseSize, parseSizeChange, printSize } from '#core/size'
import { anyChange, anySize } from './arbitraries.ts'

test.each([
  ['900.00', 90_000],
  ['-30.87', -3087],
  ['-0.09', -9],
  ['12', 1200],
  ['0.5', 50],
  ['0.00', 0],
  ['-0.00', 0],
  ['9999999999999.99', 999_999_999_999_999],
])('reads the change %s as %d hundredths', (text, hundredths) => {
  expect(parseSizeChange(text)).toBe(hundredths)
})

test.each([
  '',
  '-',
  '.5',
  '5.',
  '+5',
  '1.005',
  '1e3',
  '1,000.00',
  ' 1',
  '1\n',
  '12345678901234',
  'Infinity',
])('refuses the change %j', (text) => {
  expect(parseSizeChange(text)).toBeNull()
})

test('a size is never negative, and minus nothing is nothing', () => {
  expect(parseSize('-0.01')).toBeNull()
  expect(parseSize('-0.00')).toBe(0)
  expect(parseSize('0.01')).toBe(1)
})

test.each([
  [0.1, null],
  [-1, null],
  [Number.NaN, null],
  [2 ** 53, null],
  [10 ** 15, null],
  [10 ** 15 - 1, 10 ** 15 - 1],
  [0, 0],
])('takes the number %d as %j: what could not be printed and read again is no size', (n, size) => {
  expect(asSize(n)).toBe(size)
})

test.each([
  [90_000, '900.00'],
  [9, '0.09'],
  [0, '0.00'],
])('prints %d as %s', (hundredths, text) => {
  expect(asSize(hundredths)).not.toBeNull()
  expect(printSize(hundredths as Parameters<typeof printSize>[0])).toBe(text)
})

test('every size and every change survives being printed and read', () => {
  fc.assert(
    fc.property(anySize, anyChange, (size, change) => {
      expect(parseSize(printSize(size))).toBe(size)
      expect(parseSizeChange(printSize(change))).toBe(change)
    }),
  )
})

test('whatever text comes, what is read is an exact integer or nothing', () => {
  const text = fc.oneof(fc.string(), fc.double().map(String), fc.stringMatching(/^-?\d+\.\d{0,3}$/))
  fc.assert(
    fc.property(text, (raw) => {
      const read = parseSizeChange(raw)
      expect(read === null || Number.isSafeInteger(read)).toBe(true)
    }),
  )
})
