import { expect, test } from 'vitest'
import { type RestPriority, TokenBudget } from '../../collector/token-budget.ts'

/** Takes for each, and tells in which order they were served. */
async function served(budget: TokenBudget, wanted: readonly RestPriority[]): Promise<string[]> {
  const order: string[] = []
  await Promise.all(
    wanted.map(async (priority, i) => {
      await budget.take(priority)
      order.push(`${priority} ${i}`)
    }),
  )
  return order
}

test('what was saved is spent at once, then requests come at the pace of the tokens', async () => {
  const budget = new TokenBudget({ perSecond: 1000, capacity: 50 })
  const began = performance.now()
  await served(
    budget,
    Array.from({ length: 5 }, () => 'life' as const),
  )
  expect(performance.now() - began).toBeLessThan(30)
  await served(
    budget,
    Array.from({ length: 10 }, () => 'life' as const),
  )
  const elapsed = performance.now() - began
  expect(elapsed).toBeGreaterThan(90)
  expect(elapsed).toBeLessThan(400)
})

test('the start goes before all others, and each kind in the order of asking', async () => {
  const budget = new TokenBudget({ perSecond: 2000, capacity: 10 })
  const order = await served(budget, ['check', 'refill', 'reconcile', 'life', 'start', 'start'])
  // The first had its token before anybody else asked.
  expect(order).toEqual(['check 0', 'start 4', 'start 5', 'life 3', 'reconcile 2', 'refill 1'])
})

test('a budget that the exchange calls empty is empty', async () => {
  const budget = new TokenBudget({ perSecond: 100, capacity: 1000 })
  budget.drain()
  const began = performance.now()
  await budget.take('start')
  expect(performance.now() - began).toBeGreaterThan(80)
})

test('another allowance counts from now on', async () => {
  const budget = new TokenBudget({ perSecond: 1, capacity: 1000 })
  budget.allow({ perSecond: 1000, capacity: 20 })
  const began = performance.now()
  await served(budget, ['life', 'life', 'life'])
  const elapsed = performance.now() - began
  expect(elapsed).toBeGreaterThan(15)
  expect(elapsed).toBeLessThan(500)
})
