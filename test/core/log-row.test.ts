import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { BookRecord, Seq } from '#core/log'
import { gapOfRow, integer, type LogRow, recordOf, rowOf } from '#core/log-row'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'

const seq = (n: number) => n as Seq
const us = (n: number) => n as Micros

const RECORDS: BookRecord[] = [
  {
    kind: 'snapshot',
    seq: seq(2 ** 52),
    recv: us(1_795_000_000_000_000),
    event: null,
    reason: 'exchange',
    yes: [
      [420_000 as Price, 90_000 as Size],
      [1 as Price, 1 as Size],
    ],
    no: [],
  },
  { kind: 'snapshot', seq: seq(0), recv: us(0), event: null, reason: 'first', yes: [], no: [] },
  {
    kind: 'delta',
    seq: seq(1),
    recv: us(2),
    event: us(1),
    side: 'no',
    price: 999_999 as Price,
    change: -5 as SizeChange,
    size: 0 as Size,
  },
  {
    kind: 'gap',
    seq: seq(2),
    recv: us(9),
    event: null,
    cause: 'cut',
    from: us(9),
    prevSeq: seq(1),
  },
  { kind: 'gap', seq: seq(2), recv: us(9), event: null, cause: 'disk', from: us(1), prevSeq: null },
  { kind: 'end', seq: seq(3), recv: us(9), event: us(8), reason: 'settled' },
]

/** As a driver gives it: 64-bit integers as text. */
function asText(row: LogRow): LogRow {
  const wide = ['seq', 'recv_us', 'event_us', 'change', 'size', 'from_us', 'prev_seq']
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    wide.includes(name) && value !== null ? String(value) : value,
  ])
  return Object.fromEntries(entries)
}

test('every kind of record comes back from its row, integers as numbers or as text', () => {
  for (const record of RECORDS) {
    const row = rowOf(record)
    if (row === null) throw new Error('no row')
    expect(recordOf(row)).toEqual(record)
    expect(recordOf(asText(row))).toEqual(record)
  }
})

test('a record that cannot be stored has no row', () => {
  const [snapshot, , delta, gap] = RECORDS
  const bad = [
    { ...delta, price: 0 },
    { ...delta, price: 1_000_000 },
    { ...delta, size: -1 },
    { ...delta, change: 0.5 },
    { ...delta, side: 'maybe' },
    { ...delta, seq: 2 ** 53 },
    { ...delta, recv: -1 },
    { ...gap, from: 10 },
    { ...gap, prevSeq: 2 },
    { ...gap, cause: 'whim' },
    { ...snapshot, reason: 'initial' },
    { ...snapshot, event: 4 },
    { ...snapshot, yes: [[5, 0]] },
    {
      ...snapshot,
      yes: [
        [5, 1],
        [6, 1],
      ],
    },
  ]
  for (const record of bad) expect(rowOf(record as BookRecord)).toBeNull()
})

test('a row with a column missing, foreign or out of range is no record', () => {
  for (const record of RECORDS) {
    const row = rowOf(record)
    if (row === null) throw new Error('no row')
    for (const kind of [4, -1, '0', null]) expect(recordOf({ ...row, kind })).toBeNull()
    for (const wrong of [null, 'x', 1.5, '9007199254740992', '', undefined]) {
      expect(recordOf({ ...row, seq: wrong })).toBeNull()
      expect(recordOf({ ...row, recv_us: wrong })).toBeNull()
    }
    expect(recordOf({ ...row, event_us: 'soon' })).toBeNull()
  }
  const delta = rowOf(RECORDS[2] as BookRecord)
  for (const column of ['side', 'price', 'change', 'size'] as const) {
    expect(recordOf({ ...(delta as LogRow), [column]: null })).toBeNull()
  }
})

test('a gap of the overlay is read whole or not at all', () => {
  const row = {
    seq: '7',
    cause: 'epoch',
    from_us: '1',
    to_us: null,
    noticed_us: '5',
    prev_seq: '6',
  }
  const gap = { seq: 7, cause: 'epoch', from: 1, to: null, noticed: 5, prevSeq: 6 }
  expect(gapOfRow(row)).toEqual(gap)
  expect(gapOfRow({ ...row, to_us: '9', prev_seq: null })).toEqual({ ...gap, to: 9, prevSeq: null })
  for (const name of ['seq', 'cause', 'from_us', 'to_us', 'noticed_us', 'prev_seq']) {
    expect(gapOfRow({ ...row, [name]: 'x' })).toBeNull()
  }
})

test('only exact integers are integers', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      expect(integer(n)).toBe(n)
      expect(integer(String(n))).toBe(n)
    }),
  )
  for (const wrong of [
    null,
    undefined,
    '',
    ' 1',
    '1.0',
    '1e3',
    '0x1',
    1.5,
    Number.NaN,
    true,
    2 ** 53,
  ]) {
    expect(integer(wrong)).toBeNull()
  }
})
