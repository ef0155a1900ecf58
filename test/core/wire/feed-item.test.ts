import { expect, test } from 'vitest'
import { readItem } from '#core/wire/feed-item'

const image = { seq: 5, yes: [], no: [], event_us: null, recv_us: 1 }
const gap = (seq: number) =>
  ({
    type: 'gap',
    seq,
    cause: 'cut',
    from_us: 1,
    to_us: null,
    prev_seq: null,
    event_us: null,
    recv_us: 1,
  }) as const

test('an older image opens what its records go on from, a newer one follows them', () => {
  const seqs = (item: Parameters<typeof readItem>[0]) => readItem(item)?.map(({ seq }) => seq)
  expect(seqs({ m: 'A', image, records: [gap(6), gap(7)] })).toEqual([5, 6, 7])
  expect(seqs({ m: 'A', image, records: [gap(4), gap(5)] })).toEqual([4, 5, 5])
  expect(seqs({ m: 'A', records: [gap(6)] })).toEqual([6])
  expect(seqs({ m: 'A' })).toEqual([])
})

test('an item with a number that cannot be one is not read in part', () => {
  const delta = { type: 'delta', seq: 6, side: 'yes', event_us: null, recv_us: 1 } as const
  const sizes = { change: '1.00', size: '1.00' }
  expect(
    readItem({ m: 'A', records: [gap(5), { ...delta, ...sizes, price: '1.0000' }] }),
  ).toBeNull()
  expect(readItem({ m: 'A', image: { ...image, yes: [['0.5000', '0.00']] } })).toBeNull()
})
