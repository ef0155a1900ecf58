import { expect, test } from 'vitest'
import { mayDo } from '#core/scope'

test('any one of the scopes that are needed is enough, and no other is', () => {
  expect(mayDo(['live'], ['live'])).toBe(true)
  expect(mayDo(['account', 'history'], ['live', 'history'])).toBe(true)
  expect(mayDo(['history'], ['live'])).toBe(false)
  expect(mayDo(['Live', 'live ', '*'], ['live'])).toBe(false)
  expect(mayDo([], ['live', 'history', 'account'])).toBe(false)
})

test('where no scope is named nobody may', () => {
  expect(mayDo(['live', 'history', 'account'], [])).toBe(false)
})
