import { expect, test } from 'vitest'
import { CACHE_CONTROL, cachingOfPast, sameTag } from '#core/caching'
import type { Micros } from '#core/instant'

test('only a past older than fifteen minutes may be kept without asking again', () => {
  const now = 10_000_000_000 as Micros
  const minutes = (ago: number) => (now - ago * 60_000_000) as Micros
  expect(cachingOfPast(minutes(16), now)).toBe('hour')
  expect(cachingOfPast(minutes(15), now)).toBe('check')
  expect(cachingOfPast(minutes(0), now)).toBe('check')
  for (const words of Object.values(CACHE_CONTROL)) expect(words).toMatch(/^private, /)
})

test('a tag is found among those that a caller has, weak ones included', () => {
  expect(sameTag(undefined, '"a"')).toBe(false)
  expect(sameTag('"b", W/"a"', '"a"')).toBe(true)
  expect(sameTag('*', '"a"')).toBe(true)
  expect(sameTag('a', '"a"')).toBe(false)
})
