import { expect, test } from 'vitest'
import { chaosPath } from '../chaos/path.ts'

test('invariant 10: under cuts, drops, duplicates and delays, every holder of a book holds the same, and no wrong one is shown', async () => {
  const { problems, counts } = await chaosPath({ seconds: 10, markets: 200, rate: 2000, seed: 4 })
  console.log(JSON.stringify(counts))
  expect(problems).toEqual([])
  expect(counts['live_200_live']).toBeGreaterThan(20)
  expect(counts['again_as_of']).toBeGreaterThan(10)
  for (const kind of ['drop', 'duplicate', 'delay', 'cut']) {
    expect([kind, counts[`fault_${kind}`] ?? 0]).not.toEqual([kind, 0])
  }
})
