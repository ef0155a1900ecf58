import { expect, test } from 'vitest'
import { checksum } from '#core/checksum'
import type { BookRecord, Gap, Ladders } from '#core/log'
import { Replay } from '#core/replay'
import type { SizeChange } from '#core/size'
import { levels, price, seq, size, us } from './arbitraries.ts'

const A = 'KXRAIN-A'
const B = 'KXRAIN-B'
const BOOK: Ladders = { yes: levels([420_000, 100]), no: [] }

function snapshot(n: number, recv: number): BookRecord {
  const stamp = { seq: seq(n), recv: us(recv), event: null }
  return { kind: 'snapshot', ...stamp, reason: 'first', ...BOOK }
}

/** Adds one hundredth to the level of BOOK; the nth such delta. */
function delta(n: number, recv: number, nth = n): BookRecord {
  const stamp = { seq: seq(n), recv: us(recv), event: us(recv) }
  const level = { side: 'yes', price: price(420_000), size: size(100 + nth) } as const
  return { kind: 'delta', ...stamp, ...level, change: 1 as SizeChange }
}

function replayOf(...tickers: string[]): Replay {
  return new Replay(
    tickers.map((ticker) => ({ ticker, status: 'active', opening: { kind: 'new' } as const })),
  )
}

const rows = (ticker: string, records: readonly BookRecord[]) =>
  records.map((record) => ({ ticker, record }))

test('a message has 500 deltas at most, and the checksum of the book after its last', () => {
  const deltas = Array.from({ length: 1203 }, (_, i) => delta(i + 1, i + 1))
  const told = replayOf(A).take(rows(A, [snapshot(0, 0), ...deltas]))
  expect(told.slice(1).map((message) => message.type === 'deltas' && message.seq)).toEqual([
    [1, 500],
    [501, 1000],
    [1001, 1203],
  ])
  expect(told.slice(1).map((message) => 'checksum' in message && message.checksum)).toEqual(
    [600, 1100, 1303].map((last) => checksum({ yes: levels([420_000, last]), no: [] })),
  )
})

test('the messages of several markets keep the order of their records', () => {
  const all = [
    ...rows(A, [snapshot(0, 0), delta(1, 1)]),
    ...rows(B, [snapshot(0, 1), delta(1, 2)]),
    ...rows(A, [delta(2, 3), delta(3, 4)]),
  ]
  const told = replayOf(A, B).take(all)
  expect(told.map(({ type, market, seq: of }) => [type, market, of])).toEqual([
    ['snapshot', A, 0],
    ['deltas', A, [1, 1]],
    ['snapshot', B, 0],
    ['deltas', B, [1, 1]],
    ['deltas', A, [2, 3]],
  ])
})

test('a gap that the log does not tell of hides what lies in it, and an image tells the book after it', () => {
  const gap: Gap = {
    seq: seq(3),
    cause: 'disk',
    from: us(2),
    to: us(5),
    noticed: us(4),
    prevSeq: null,
  }
  const replay = replayOf(A)
  replay.expect(A, [gap])
  const log = [snapshot(0, 0), delta(1, 2), delta(2, 4), delta(3, 5), delta(4, 6), delta(5, 7)]
  const told = replay.take(rows(A, log))
  expect(told.map((message) => [message.type, message.seq])).toEqual([
    ['snapshot', 0],
    ['deltas', [1, 1]],
    ['gap', 3],
    ['snapshot', 4],
    ['deltas', [5, 5]],
  ])
  expect(told[3]).toMatchObject({ image: true, reason: 'gap', yes: [['0.4200', '1.04']] })
})

test('a snapshot that a gap found later bears the seq of, and which ends it, is told', () => {
  const gap: Gap = {
    seq: seq(2),
    cause: 'mismatch',
    from: us(1),
    to: us(5),
    noticed: us(5),
    prevSeq: null,
  }
  const replay = replayOf(A)
  replay.expect(A, [gap])
  const told = replay.take(rows(A, [snapshot(0, 0), delta(1, 3), snapshot(2, 5)]))
  expect([...told, ...replay.end(6)].map((message) => [message.type, message.seq])).toEqual([
    ['snapshot', 0],
    ['gap', 2],
    ['snapshot', 2],
  ])
})

test('a gap with no record after it is told at the end of what was asked for', () => {
  const gap: Gap = {
    seq: seq(9),
    cause: 'cut',
    from: us(3),
    to: null,
    noticed: us(9),
    prevSeq: null,
  }
  const replay = replayOf(A)
  replay.expect(A, [gap])
  expect(replay.take(rows(A, [snapshot(0, 0), delta(1, 3)])).map(({ type }) => type)).toEqual([
    'snapshot',
    'deltas',
  ])
  expect(replay.end(3)).toEqual([])
  expect(replay.end(4)).toMatchObject([
    { type: 'gap', seq: 9, from_us: 3, recv_us: 9, to_us: null },
  ])
})

test('a log of which a record is missing is not told as if it were whole', () => {
  const replay = replayOf(A)
  expect(() => replay.take(rows(A, [snapshot(0, 0), delta(2, 1)]))).toThrow('does not follow')
})
