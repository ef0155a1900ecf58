import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { byWindow } from '../../worker/by-window.ts'

test('windows grow over what is empty, and no longer than is said', async () => {
  const lengths: number[] = []
  const batches = byWindow<number>(
    { after: null, most: 10, streamed: true },
    {
      fromUs: 0 as Micros,
      toUs: 100 as Micros,
      order: 'asc',
      spanUs: 10,
      mostUs: 25,
      throughUs: null,
      position: (us) => [String(us)],
      placeAt: (us) => [String(us)],
      read: async ({ fromUs, toUs }) => {
        lengths.push(toUs - fromUs)
        return { rows: [], load: 0 }
      },
    },
  )
  for await (const { rows } of batches) expect(rows).toEqual([])
  expect(lengths).toEqual([10, 20, 25, 25, 20])
})
