import { expect, test } from 'vitest'
import { MarketLog } from '#core/market-log'
import { Reader } from '#core/reader'
import { readItem } from '#core/wire/feed-item'
import { printImage, printRecord } from '#core/wire/record'
import { epoch, levels, must, us } from '../arbitraries.ts'

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

test('an image stands where its seq belongs: after the records that it holds, before those that follow', () => {
  const seqs = (item: Parameters<typeof readItem>[0]) => readItem(item)?.map(({ seq }) => seq)
  expect(seqs({ m: 'A', image, records: [gap(6), gap(7)] })).toEqual([5, 6, 7])
  expect(seqs({ m: 'A', image, records: [gap(4), gap(5)] })).toEqual([4, 5, 5])
  expect(seqs({ m: 'A', image, records: [gap(4), gap(5), gap(6)] })).toEqual([4, 5, 5, 6])
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

test('records and an image serve a reader that has what was before them, and one that has nothing', () => {
  const log = new MarketLog(epoch(8), null)
  const first = must(log.snapshot({ yes: levels([420_000, 500]), no: [] }, us(1)))
  const next = must(log.snapshot({ yes: levels([430_000, 500]), no: [] }, us(2)))
  const image = printImage(must(log.image()))
  const [end] = log.end('settled', null, us(3))
  const records = [next, must(end)].map(printRecord)
  const entries = must(readItem({ m: 'A', records, image }))
  for (const before of [[first], []]) {
    const reader = new Reader()
    for (const entry of [...before, ...entries]) reader.read(entry)
    expect(reader.state).toMatchObject({ kind: 'closed', seq: end?.seq })
    expect(reader.state.kind === 'closed' && reader.state.book?.best('yes')).toEqual([430_000, 500])
  }
})
