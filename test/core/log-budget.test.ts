import { expect, test } from 'vitest'
import { LogBudget } from '#core/log-budget'

test('an event fills a hundred lines a minute, and the next tells how many were left out', () => {
  const budget = new LogBudget()
  const written = Array.from({ length: 250 }, () => budget.ask('malformed_frame', 5000)).filter(
    ({ kind }) => kind === 'write',
  )
  expect(written).toHaveLength(100)
  expect(budget.ask('exchange_lost', 5000)).toEqual({ kind: 'write', suppressed: 0 })
  expect(budget.ask('malformed_frame', 64_999)).toEqual({ kind: 'suppress' })
  expect(budget.ask('malformed_frame', 65_000)).toEqual({ kind: 'write', suppressed: 151 })
  expect(budget.ask('malformed_frame', 65_001)).toEqual({ kind: 'write', suppressed: 0 })
})

test('a clock that went back silences nothing', () => {
  const budget = new LogBudget()
  for (let i = 0; i < 101; i++) budget.ask('x', 10_000_000)
  expect(budget.ask('x', 0)).toEqual({ kind: 'write', suppressed: 1 })
})
