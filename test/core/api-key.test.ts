import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { displayOfApiKey, isApiKey, makeApiKey } from '#core/api-key'

const bytes = (first: number) => Uint8Array.from({ length: 64 }, (_, i) => (first + i * 7) % 256)
const key = makeApiKey(bytes(3))

test('a key is its prefix, 32 random characters and 6 of their checksum', () => {
  expect(key).toMatch(/^kb_live_[0-9A-Za-z]{38}$/)
  expect(isApiKey(key)).toBe(true)
  expect(makeApiKey(bytes(3))).toBe(key)
  expect(makeApiKey(bytes(4))).not.toBe(key)
})

test('the checksum is CRC-32 of all before it, in base62', () => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const value = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0)
  expect(value).toBe(crc32(key.slice(0, -6)))
})

test('one character changed, left out or added is found', () => {
  for (let i = 0; i < key.length; i++) {
    const other = key[i] === 'x' ? 'y' : 'x'
    expect(isApiKey(key.slice(0, i) + other + key.slice(i + 1)), `at ${i}`).toBe(false)
    expect(isApiKey(key.slice(0, i) + key.slice(i + 1))).toBe(false)
  }
  for (const text of ['', 'kb_live_', `${key}0`, ` ${key}`, key.toUpperCase()]) {
    expect(isApiKey(text)).toBe(false)
  }
})

test('bytes that would favour some characters are passed over, and too few are refused', () => {
  const unfair = Uint8Array.from({ length: 64 }, (_, i) => (i < 32 ? 255 : i))
  expect(makeApiKey(unfair)).toBe(makeApiKey(unfair.slice(32)))
  expect(() => makeApiKey(unfair.slice(0, 63))).toThrow(RangeError)
})

test('what is shown of a key does not open anything', () => {
  expect(displayOfApiKey(key)).toBe(key.slice(0, 12))
})
