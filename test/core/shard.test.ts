import { expect, test } from 'vitest'
import { shardName, shardOf } from '#core/shard'
import { ticker } from './arbitraries.ts'

// Published FNV-1a vectors: http://www.isthe.com/chongo/tech/comp/fnv/
test.each([
  ['a', 0xe40c292c],
  ['b', 0xe70c2de5],
  ['foobar', 0xbf9cf968],
])('the hash of %s is FNV-1a’s', (text, hash) => {
  expect(shardOf(ticker(text), 2 ** 32)).toBe(hash)
})

test('every market has one shard of those there are, and all shards get markets', () => {
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < 1_000; i++) {
    const shard = shardOf(ticker(`KXBTCD-26NOV2217-T${90_000 + i * 250}.99`), counts.length)
    expect(counts[shard]).toBeDefined()
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  for (const count of counts) expect(count).toBeGreaterThan(150)
})

test('another number of shards has other names throughout', () => {
  const names = [2, 3].flatMap((shards) => [0, 1].map((shard) => shardName(shard, shards)))
  expect(new Set(names).size).toBe(4)
})
