import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asPrice, complement, parsePrice, printPrice } from '#core/price'
import { anyPrice, price } from './arbitraries.ts'

test.each([
  ['0.4200', 420_000],
  ['0.42', 420_000],
  ['0.0001', 100],
  ['0.000001', 1],
  ['0.999999', 999_999],
  ['0.57', 570_000],
  ['00.57', 570_000],
  ['0.415', 415_000],
])('reads %s as %d millionths', (text, millionths) => {
  expect(parsePrice(text)).toBe(millionths)
})

test.each([
  ['', 'nothing'],
  ['0', 'zero'],
  ['0.0000', 'zero dollars'],
  ['1', 'a dollar'],
  ['1.0000', 'a dollar with decimals'],
  ['2.50', 'more than a dollar'],
  ['-0.42', 'a negative'],
  ['+0.42', 'a sign'],
  ['.42', 'no digit before the point'],
  ['0.', 'no digit behind the point'],
  ['0.1234567', 'a seventh decimal'],
  ['4.2e-1', 'an exponent'],
  ['0,42', 'a comma'],
  [' 0.42', 'a space before'],
  ['0.42\n', 'a line end behind'],
  ['0x1', 'hexadecimal'],
  ['NaN', 'a word'],
  ['٠.٤٢', 'digits of another script'],
])('refuses %j: %s', (text) => {
  expect(parsePrice(text)).toBeNull()
})

test.each([
  [0.5, null],
  [0, null],
  [-1, null],
  [1_000_000, null],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  [5699.999999999999, null],
  [1, 1],
  [999_999, 999_999],
])('takes the number %d as %j: a float never becomes a price', (millionths, expected) => {
  expect(asPrice(millionths)).toBe(expected)
})

test.each([
  [420_000, '0.4200'],
  [100, '0.0001'],
  [1, '0.000001'],
  [123_450, '0.123450'],
  [999_999, '0.999999'],
])('prints %d as %s', (millionths, text) => {
  expect(printPrice(price(millionths))).toBe(text)
})

test('every price survives being printed and read, with four decimals or six', () => {
  fc.assert(
    fc.property(anyPrice, (p) => {
      const text = printPrice(p)
      expect(text).toMatch(p % 100 === 0 ? /^0\.\d{4}$/ : /^0\.\d{6}$/)
      expect(parsePrice(text)).toBe(p)
    }),
  )
})

test('whatever text comes, what is read is an integer inside (0, 1) or nothing', () => {
  const text = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.stringMatching(/^[0-9]{0,3}\.?[0-9]{0,8}$/),
  )
  fc.assert(
    fc.property(text, (raw) => {
      const read = parsePrice(raw)
      if (read === null) return
      expect(Number.isInteger(read) && read > 0 && read < 1_000_000).toBe(true)
      expect(read).toBe(Math.round(Number(raw) * 1_000_000))
    }),
  )
})

test('the complement of a complement is the price itself', () => {
  fc.assert(
    fc.property(anyPrice, (p) => {
      expect(asPrice(complement(p))).toBe(1_000_000 - p)
      expect(complement(complement(p))).toBe(p)
    }),
  )
})
