import { expect, test } from 'vitest'
import { KnownKeys } from '#core/known-keys'

test('what was found is known for five seconds, and not before it was found', () => {
  const keys = new KnownKeys<string>()
  expect(keys.get('a', 1000)).toBeNull()
  keys.put('a', 'one', 1000)
  expect(keys.get('a', 5999)).toBe('one')
  expect(keys.get('a', 6000)).toBeNull()
  expect(keys.get('a', 1001)).toBeNull()
  keys.put('a', 'two', 7000)
  expect(keys.get('a', 6999)).toBeNull()
})

test('a key that is asked for again and again is still looked up every five seconds', () => {
  const keys = new KnownKeys<string>()
  keys.put('a', 'one', 0)
  for (let now = 0; now < 5000; now += 100) expect(keys.get('a', now)).toBe('one')
  expect(keys.get('a', 5000)).toBeNull()
})

test('of a thousand keys and one the oldest is forgotten', () => {
  const keys = new KnownKeys<number>()
  for (let i = 0; i < 1000; i++) keys.put(String(i), i, 0)
  keys.put('0', 0, 1)
  keys.put('new', 1000, 1)
  expect(keys.get('1', 1)).toBeNull()
  expect(keys.get('0', 1)).toBe(0)
  expect(keys.get('2', 1)).toBe(2)
  expect(keys.get('new', 1)).toBe(1000)
})
