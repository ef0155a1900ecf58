import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { expiryFault, keyAsked } from '#core/key-asked'
import { endOfReplaced, keyStateAt } from '#core/key-state'
import { sweepStep } from '#core/key-sweep'

const us = (value: number) => value as Micros
const HOUR = 3_600_000_000

test('a key works until it ends, and never after it was revoked', () => {
  const key = { expiresUs: us(10), revokedUs: null }
  expect(keyStateAt(key, us(9))).toBe('active')
  expect(keyStateAt(key, us(10))).toBe('expired')
  expect(keyStateAt({ ...key, revokedUs: us(20) }, us(9))).toBe('revoked')
  expect(keyStateAt({ expiresUs: null, revokedUs: null }, us(1e15))).toBe('active')
})

test('a replaced key ends after the overlap, but never later than it would have', () => {
  expect(endOfReplaced(null, 24, us(1000))).toBe(1000 + 24 * HOUR)
  expect(endOfReplaced(us(2000), 24, us(1000))).toBe(2000)
  expect(endOfReplaced(us(1e15), 0, us(1000))).toBe(1000)
})

test('a key’s end lies ahead, within ten years', () => {
  const now = us(1_795_000_000_000_000)
  expect(expiryFault(now, now)).toMatch(/past/)
  expect(expiryFault(us(now + 1), now)).toBeNull()
  expect(expiryFault(us(now + 4000 * 24 * HOUR), now)).toMatch(/ahead/)
})

test('what is asked for is read whole: the name without spaces around it, the end in µs', () => {
  const expires = '2027-01-01T00:00:00Z'
  expect(keyAsked.parse({ name: '  a job ', scopes: ['live'], expires })).toEqual({
    name: 'a job',
    scopes: ['live'],
    expires: Date.UTC(2027, 0, 1) * 1000,
    month_cap: null,
  })
  const leap = { name: 'a', scopes: ['live'], expires: '2027-02-30T00:00:00Z' }
  expect(keyAsked.safeParse(leap).success && expiryFault(us(0), us(1))).toBeTruthy()
})

test('a night’s sweep begins at three, goes on where it was, and ends', () => {
  const at = (hour: number) => us(Date.UTC(2026, 10, 22, hour) * 1000)
  const day = Math.floor(at(3) / (24 * HOUR))
  expect(sweepStep(null, at(12))).toEqual({ day, after: null })
  expect(sweepStep({ day: day - 1, after: 'k', done: true }, at(2))).toBeNull()
  expect(sweepStep({ day: day - 1, after: 'k', done: true }, at(3))).toEqual({ day, after: null })
  expect(sweepStep({ day, after: 'k', done: false }, at(4))).toEqual({ day, after: 'k' })
  expect(sweepStep({ day, after: 'k', done: true }, at(23))).toBeNull()
})
