import { expect, test } from 'vitest'
import { chaosBilling } from './billing.ts'

test('whatever fails between us and Stripe, what is billed is what was used, and what may be used was paid for', async () => {
  const { problems, counts } = await chaosBilling({ seed: 4, accounts: 4, stepH: 96 })
  expect(problems).toEqual([])
  expect(counts['paid_cents']).toBeGreaterThan(0)
  expect(counts['overage']).toBeGreaterThan(0)
}, 120_000)
