import { expect, test } from 'vitest'
import { parseTicker } from '#core/ticker'

test.each(['KXGOLDH-26AUG2711-T4615.99', 'a', 'A_b-1.2', 'x'.repeat(128)])(
  '%s is a ticker',
  (t) => {
    expect(parseTicker(t)).toBe(t)
  },
)

test.each([
  '',
  'x'.repeat(129),
  'KX BTC',
  'KX/BTC',
  'KX%2FBTC',
  'KXBTC\n',
  'KXBTC\u0000',
  'ＫＸ',
  "';--",
  '*',
])('%j is no ticker', (text) => {
  expect(parseTicker(text)).toBeNull()
})
