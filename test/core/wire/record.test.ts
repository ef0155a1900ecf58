import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BookRecord, END_REASONS, GAP_CAUSES, SNAPSHOT_REASONS } from '#core/log'
import {
  printImage,
  printRecord,
  readImage,
  readLadder,
  readRecord,
  wireImage,
  wireRecord,
} from '#core/wire/record'
import {
  anyChange,
  anyLadders,
  anyPrice,
  anySide,
  anySize,
  change,
  levels,
  price,
  seq,
  size,
  us,
} from '../arbitraries.ts'

const anySeq = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(seq)
const anyTime = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(us)
const stamp = { seq: anySeq, recv: anyTime }
const event = fc.option(anyTime)

const anyRecord: fc.Arbitrary<BookRecord> = fc.oneof(
  fc.record({
    ...stamp,
    event,
    kind: fc.constant('delta' as const),
    side: anySide,
    price: anyPrice,
    change: anyChange,
    size: anySize,
  }),
  fc
    .record({
      ...stamp,
      event: fc.constant(null),
      kind: fc.constant('snapshot' as const),
      reason: fc.constantFrom(...SNAPSHOT_REASONS),
    })
    .chain((head) => anyLadders.map((ladders) => ({ ...head, ...ladders }))),
  fc.record({
    ...stamp,
    event: fc.constant(null),
    kind: fc.constant('gap' as const),
    cause: fc.constantFrom(...GAP_CAUSES),
    from: anyTime,
    prevSeq: fc.option(anySeq),
  }),
  fc.record({
    ...stamp,
    event,
    kind: fc.constant('end' as const),
    reason: fc.constantFrom(...END_REASONS),
  }),
)

test('every record survives the wire', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const text = JSON.stringify(printRecord(record))
      expect(readRecord(wireRecord.parse(JSON.parse(text)))).toEqual(record)
    }),
  )
})

test('every image survives the wire', () => {
  fc.assert(
    fc.property(anySeq, anyTime, event, anyLadders, (seq, recv, at, ladders) => {
      const image = { kind: 'image' as const, seq, recv, event: at, ...ladders }
      const text = JSON.stringify(printImage(image))
      expect(readImage(wireImage.parse(JSON.parse(text)))).toEqual(image)
    }),
  )
})

const stamped = { seq: seq(12), recv: us(34), event: us(30) }
const unstamped = { seq: seq(12), recv: us(34), event: null }
const cases: readonly (readonly [BookRecord, object])[] = [
  [
    {
      kind: 'delta',
      ...stamped,
      side: 'yes',
      price: price(420_000),
      change: change('-300'),
      size: size(90_000),
    },
    {
      type: 'delta',
      seq: 12,
      side: 'yes',
      price: '0.4200',
      change: '-300.00',
      size: '900.00',
      event_us: 30,
      recv_us: 34,
    },
  ],
  [
    { kind: 'snapshot', ...unstamped, reason: 'first', yes: levels([420_000, 90_000]), no: [] },
    {
      type: 'snapshot',
      seq: 12,
      reason: 'first',
      yes: [['0.4200', '900.00']],
      no: [],
      event_us: null,
      recv_us: 34,
    },
  ],
  [
    { kind: 'gap', ...unstamped, cause: 'sequence', from: us(20), prevSeq: seq(11) },
    {
      type: 'gap',
      seq: 12,
      cause: 'sequence',
      from_us: 20,
      to_us: null,
      prev_seq: 11,
      event_us: null,
      recv_us: 34,
    },
  ],
  [
    { kind: 'end', ...stamped, reason: 'settled' },
    { type: 'end', seq: 12, reason: 'settled', event_us: 30, recv_us: 34 },
  ],
]

test.each(cases)('$kind is printed as the formats state', (record, wire) => {
  expect(printRecord(record)).toEqual(wire)
})

const delta = {
  type: 'delta',
  seq: 12,
  side: 'yes',
  price: '0.4200',
  change: '-300.00',
  size: '900.00',
  event_us: 30,
  recv_us: 34,
}

test.each([
  ['a type that is none', { ...delta, type: 'trade' }],
  ['a seq that is no integer', { ...delta, seq: 1.5 }],
  ['a seq past 2⁵³', { ...delta, seq: 2 ** 53 }],
  ['a side that is none', { ...delta, side: 'maybe' }],
  ['a number for a price', { ...delta, price: 0.42 }],
  ['a number for a size', { ...delta, size: 900 }],
  ['no receive time', { ...delta, recv_us: undefined }],
  ['a negative time', { ...delta, event_us: -1 }],
])('invariant 3: %s is refused by the schema', (_, wire) => {
  expect(wireRecord.safeParse(wire).success).toBe(false)
})

test.each([
  ['a price of a dollar', { ...delta, price: '1.0000' }],
  ['a price with an exponent', { ...delta, price: '4e-1' }],
  ['a negative size', { ...delta, size: '-1.00' }],
  ['a change with three decimals', { ...delta, change: '1.005' }],
])('invariant 3: %s is no record', (_, wire) => {
  expect(readRecord(wireRecord.parse(wire))).toBeNull()
})

test('fields that we do not know are ignored', () => {
  expect(wireRecord.parse({ ...delta, later: 'more' })).toEqual(delta)
})

test('invariant 3: one unreadable or empty level makes the whole ladder unreadable', () => {
  const good: [string, string] = ['0.4200', '1.00']
  expect(readLadder([good])).toEqual(levels([420_000, 100]))
  for (const bad of [
    ['0.4200', '0.00'],
    ['0', '1.00'],
    ['0.42', 'x'],
  ] as [string, string][]) {
    expect(readLadder([good, bad])).toBeNull()
  }
})
