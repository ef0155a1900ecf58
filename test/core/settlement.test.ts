import { expect, test } from 'vitest'
import { printDollars } from '#core/settlement'

test('dollars have four decimals, or six when they are finer', () => {
  const printed = [
    ['1', '1.0000'],
    ['0', '0.0000'],
    ['1.00', '1.0000'],
    ['0.5', '0.5000'],
    ['00.25', '0.2500'],
    ['0.123400', '0.1234'],
    ['0.12345', '0.123450'],
    ['0.123456', '0.123456'],
  ] as const
  for (const [text, dollars] of printed) expect(printDollars(text)).toBe(dollars)
})

test('what is no decimal, or finer than we print, stays as the exchange wrote it', () => {
  for (const text of ['', 'yes', '-1', '1e3', '0.1234567']) expect(printDollars(text)).toBe(text)
})
