import { expect, test } from 'vitest'
import { RefusedAccounts } from '#core/refused-accounts'

const REFUSAL = { rate: { perS: 5, burst: 10, remaining: 0, resetMs: 2000 }, left: 7 }

test('an account is doubted for two seconds after a refusal', () => {
  const accounts = new RefusedAccounts()
  expect(accounts.isDoubted('a', 0)).toBe(false)
  accounts.refused('a', REFUSAL, 0)
  expect(accounts.isDoubted('a', 1999)).toBe(true)
  expect(accounts.isDoubted('b', 0)).toBe(false)
  expect(accounts.isDoubted('a', 2000)).toBe(false)
})

test('it is looked up at its first refusal, and then every two seconds at most', () => {
  const accounts = new RefusedAccounts()
  const due = [0, 1, 1999, 2000, 2001, 4000].filter((ms) => accounts.refused('a', REFUSAL, ms))
  expect(due).toEqual([0, 2000, 4000])
})

test('a block that was found holds until its time, and a later look takes it away', () => {
  const accounts = new RefusedAccounts()
  accounts.found('a', { untilMs: 10_000, code: 'rate_limited' })
  expect(accounts.blocked('a', 0)).toBeNull()
  accounts.refused('a', REFUSAL, 0)
  accounts.found('a', { untilMs: 10_000, code: 'rate_limited' })
  expect(accounts.blocked('a', 9999)).toEqual({ untilMs: 10_000, code: 'rate_limited', ...REFUSAL })
  expect(accounts.blocked('a', 10_000)).toBeNull()
  accounts.refused('a', REFUSAL, 2000)
  expect(accounts.blocked('a', 2000)).not.toBeNull()
  accounts.found('a', null)
  expect(accounts.blocked('a', 2000)).toBeNull()
})

test('of a thousand accounts and one the one that was refused longest ago is forgotten', () => {
  const accounts = new RefusedAccounts()
  for (let i = 0; i < 1001; i++) accounts.refused(String(i), REFUSAL, 0)
  expect([0, 1, 1000].map((i) => accounts.isDoubted(String(i), 0))).toEqual([false, true, true])
})
