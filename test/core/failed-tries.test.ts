import { expect, test } from 'vitest'
import { FailedTries } from '#core/failed-tries'

test('thirty tries may fail at once, then one every two seconds', () => {
  const tries = new FailedTries()
  const whole = { most: 30, windowMs: 60_000, remaining: 30, resetMs: 0, retryAfterMs: 0 }
  expect(tries.left('a', 1000)).toEqual(whole)
  for (let i = 0; i < 30; i++) {
    expect(tries.left('a', 1000).remaining).toBe(30 - i)
    tries.failed('a', 1000)
  }
  const none = { remaining: 0, resetMs: 60_000, retryAfterMs: 2000 }
  expect(tries.left('a', 1000)).toMatchObject(none)
  expect(tries.left('a', 2999)).toMatchObject({ remaining: 0, retryAfterMs: 1 })
  expect(tries.left('a', 3000)).toMatchObject({ remaining: 1, retryAfterMs: 0 })
  expect(tries.left('a', 61_000)).toEqual(whole)
  expect(tries.left('b', 1000)).toEqual(whole)
})

test('a clock that was set back locks nobody out for longer than a minute', () => {
  const tries = new FailedTries()
  for (let i = 0; i < 30; i++) tries.failed('a', 1_000_000)
  expect(tries.left('a', 0)).toMatchObject({ remaining: 0, resetMs: 60_000, retryAfterMs: 2000 })
})

test('of too many addresses the one that failed longest ago is forgotten', () => {
  const tries = new FailedTries()
  for (let i = 0; i < 10_000; i++) tries.failed(String(i), 0)
  tries.failed('0', 0)
  tries.failed('new', 0)
  expect(tries.left('1', 0).remaining).toBe(30)
  expect(tries.left('0', 0).remaining).toBe(28)
  expect(tries.left('2', 0).remaining).toBe(29)
  expect(tries.left('new', 0).remaining).toBe(29)
})
