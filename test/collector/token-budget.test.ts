import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type RestPriority, TokenBudget } from '../../collector/token-budget.ts'

/** Time passes by waiting alone: a busy machine takes none of it. */
const time = vi.hoisted(() => ({ ms: 0 }))
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    time.ms += ms
  },
}))

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => time.ms)
})
afterEach(() => {
  vi.restoreAllMocks()
})

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

/** How long it takes until as many requests are served, ms. */
async function lasts(budget: TokenBudget, requests: number): Promise<number> {
  const began = time.ms
  await served(
    budget,
    Array.from({ length: requests }, () => 'life' as const),
  )
  return time.ms - began
}

test('what was saved is spent at once, then requests come at the pace of the tokens', async () => {
  const budget = new TokenBudget({ perSecond: 1000, capacity: 50 })
  expect(await lasts(budget, 5)).toBe(0)
  expect(await lasts(budget, 10)).toBe(100)
  time.ms += 1000
  expect(await lasts(budget, 6)).toBe(10)
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
  expect(await lasts(budget, 1)).toBe(100)
})

test('another allowance counts from now on', async () => {
  const budget = new TokenBudget({ perSecond: 1, capacity: 1000 })
  budget.allow({ perSecond: 1000, capacity: 20 })
  expect(await lasts(budget, 3)).toBe(20)
})
