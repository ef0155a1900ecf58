import { expect, test } from 'vitest'
import { firstBooks } from '../../local/first-books.ts'

/** What a starter hears of a collector. */
function collector() {
  const end = Promise.withResolvers<number | null>()
  const listeners: ((message: unknown) => void)[] = []
  return {
    on: (listener: (message: unknown) => void) => {
      listeners.push(listener)
    },
    ended: end.promise,
    end: end.resolve,
    says: (known: number, shards: number) => {
      const message = { type: 'status', status: { markets: 5, known, shards } }
      for (const listener of listeners) listener(message)
    },
  }
}

test('it waits for every book and every shard', async () => {
  const heard = collector()
  let done = false
  const first = firstBooks(heard, 2, 60_000).then(() => {
    done = true
  })
  for (const [known, shards] of [
    [0, 0],
    [5, 1],
    [4, 2],
  ] as const) {
    heard.says(known, shards)
    await Promise.resolve()
  }
  expect(done).toBe(false)
  heard.says(5, 2)
  await first
  expect(done).toBe(true)
})

test('it does not wait for a collector that has ended', async () => {
  const heard = collector()
  const first = firstBooks(heard, 2, 60_000)
  heard.says(4, 2)
  heard.end(1)
  await expect(first).rejects.toThrow('the collector ended with 1 before every book was known')
})

test.each([
  [
    'books and shards',
    [3, 1],
    'in 0.02 s: 2 of 5 books are not known, 1 of 2 shards have not greeted',
  ],
  ['books', [0, 2], 'in 0.02 s: 5 of 5 books are not known'],
  ['a shard', [5, 1], 'in 0.02 s: 1 of 2 shards have not greeted'],
  ['every word', null, 'in 0.02 s: the collector tells nothing'],
] as const)(
  'when it has waited long enough it says what is missing: %s',
  async (_what, said, why) => {
    const heard = collector()
    const first = firstBooks(heard, 2, 20)
    if (said !== null) heard.says(said[0], said[1])
    await expect(first).rejects.toThrow(new Error(`no progress ${why}`))
  },
)

test('one book that never comes keeps nobody from the others', async () => {
  const heard = collector()
  const first = firstBooks(heard, 2, 20)
  heard.says(4, 2)
  await expect(first).resolves.toBeGreaterThan(0)
})
