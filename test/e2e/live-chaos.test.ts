import { expect, test } from 'vitest'
import { chaosLive } from '../chaos/live.ts'

const SEED_BELOW = 2 ** 31

test('while objects are evicted, the collector is killed and lines are cut, no client misses, repeats or mistakes anything, and each ends with the exchange’s books', async () => {
  const seed = Math.floor(Math.random() * SEED_BELOW)
  console.log(`npm run chaos -- live --seconds 15 --seed ${seed}`)
  const shape = { markets: 100, rate: 1000, clients: 40 } as const
  const { problems, counts } = await chaosLive({ seconds: 15, seed, ...shape })
  console.log(JSON.stringify(counts))
  expect(problems).toEqual([])
  for (const kind of ['rows', 'trade', 'gap', 'bbo', 'status', 'heartbeat', 'closed_1006']) {
    expect([kind, counts[kind] ?? 0]).not.toEqual([kind, 0])
  }
  for (const fault of ['collector_SIGKILL', 'collector_SIGTERM', 'gateway_crash', 'feed_cut']) {
    expect([fault, counts[fault] ?? 0]).not.toEqual([fault, 0])
  }
})
