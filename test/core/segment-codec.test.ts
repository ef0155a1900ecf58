import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type BookRecord,
  END_REASONS,
  GAP_CAUSES,
  type Ladders,
  type Level,
  SNAPSHOT_REASONS,
} from '#core/log'
import type { Opening, Segment } from '#core/segment'
import { decodeSegment, encodeSegment } from '#core/segment-codec'
import { foldRecords } from '#core/segment-fold'
import { anyChange, anyPrice, anySide, anySize, must, seq, size, us } from './arbitraries.ts'
import { happeningsWithEnds, write } from './random-log.ts'

const LATEST = Number.MAX_SAFE_INTEGER
const NEW: Opening = { kind: 'new' }

/** Any stretch of a log that a collector wrote, with how the log stood before it. */
const anySlice: fc.Arbitrary<Segment> = fc
  .tuple(happeningsWithEnds, fc.nat(), fc.nat(), fc.nat(100))
  .map(([all, a, b, early]) => {
    const records = write(all).map(({ record }) => record)
    const [from, to] = [a, b].map((cut) => cut % (records.length + 1)).toSorted((x, y) => x - y)
    const opening = foldRecords(NEW, records.slice(0, from))
    const part = records.slice(from, to)
    const last = opening.kind === 'new' ? us((part[0]?.recv ?? 200) - early) : opening.recv
    return { openUs: last, opening, records: part }
  })

const anyLadder = fc
  .uniqueArray(fc.tuple(anyPrice, anySize), { selector: ([price]) => price, maxLength: 20 })
  .map((levels): Level[] =>
    levels
      .map(([price, hundredths]): Level => [price, size(Math.max(1, hundredths))])
      .sort((a, b) => b[0] - a[0]),
  )
const anyLadders: fc.Arbitrary<Ladders> = fc.record({ yes: anyLadder, no: anyLadder })
const anyTime = fc.nat(LATEST).map(us)
const maybeTime = fc.option(anyTime)

/** A record without its place in the log. */
const anyBody = fc.oneof(
  fc.record({
    kind: fc.constant('delta' as const),
    side: anySide,
    price: anyPrice,
    change: anyChange,
    size: anySize,
    event: maybeTime,
  }),
  fc
    .record({ ladders: anyLadders, reason: fc.constantFrom(...SNAPSHOT_REASONS) })
    .map(({ ladders, reason }) => ({ kind: 'snapshot' as const, reason, event: null, ...ladders })),
  fc.record({
    kind: fc.constant('gap' as const),
    cause: fc.constantFrom(...GAP_CAUSES),
    from: fc.constant(us(0)),
    prevSeq: fc.option(fc.nat(LATEST).map(seq)),
    event: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('end' as const),
    reason: fc.constantFrom(...END_REASONS),
    event: maybeTime,
  }),
)

/** Records that no collector would write, in the order that all records have. */
const anyRecords = fc
  .array(fc.tuple(anyBody, fc.nat(LATEST), fc.nat(LATEST)), { maxLength: 12 })
  .map((all): BookRecord[] => {
    const sorted = (pick: (one: (typeof all)[number]) => number) =>
      all.map(pick).toSorted((a, b) => a - b)
    const [seqs, recvs] = [sorted(([, n]) => n), sorted(([, , n]) => n)]
    return all
      .map(([body], i): BookRecord => {
        return { ...body, seq: seq(seqs[i] ?? 0), recv: us(recvs[i] ?? 0) }
      })
      .filter((_, i) => i === 0 || seqs[i] !== seqs[i - 1])
  })

test('any stretch of any log comes back as it was', () => {
  const count = { known: 0, unknown: 0, new: 0, ends: 0, closed: 0 }
  fc.assert(
    fc.property(anySlice, (segment) => {
      expect(decodeSegment(encodeSegment(segment))).toEqual(segment)
      count[segment.opening.kind] += 1
      if (segment.opening.kind !== 'new' && segment.opening.closed) count.closed += 1
      if (segment.records.some(({ kind }) => kind === 'end')) count.ends += 1
    }),
    { numRuns: 1000 },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(3)
})

test('records that follow from no book come back as they were, to the widest numbers', () => {
  fc.assert(
    fc.property(anyRecords, fc.option(anyLadders), (records, ladders) => {
      const opening: Opening =
        ladders === null
          ? NEW
          : {
              kind: 'known',
              seq: seq(0),
              recv: us(0),
              event: us(0),
              ladders,
              closed: false,
              openingSeq: seq(0),
              deltas: 3,
            }
      const part = records.filter((record) => ladders === null || record.seq > 0)
      const segment: Segment = { openUs: us(0), opening, records: part }
      expect(decodeSegment(encodeSegment(segment))).toEqual(segment)
    }),
    { numRuns: 1000 },
  )
})

test('a segment that is cut anywhere, or goes on, is none', () => {
  fc.assert(
    fc.property(anySlice, fc.nat(255), (segment, more) => {
      const bytes = encodeSegment(segment)
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeSegment(bytes.slice(0, length))).toBeNull()
      }
      expect(decodeSegment(Uint8Array.of(...bytes, more))).toBeNull()
    }),
    { numRuns: 100 },
  )
})

test('damaged bytes never throw, and what they still say can be written again', () => {
  const count = { none: 0, some: 0 }
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(anySlice, damage, (segment, places) => {
      const bytes = encodeSegment(segment)
      for (const [place, value] of places) bytes[place % bytes.length] = value
      const read = decodeSegment(bytes)
      count[read === null ? 'none' : 'some'] += 1
      if (read !== null) expect(decodeSegment(encodeSegment(read))).toEqual(read)
    }),
    { numRuns: 3000 },
  )
  expect(count.none).toBeGreaterThan(300)
  expect(count.some).toBeGreaterThan(100)
})

test('random bytes are no segment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeSegment(bytes)
      decodeSegment(Uint8Array.of(1, ...bytes))
    }),
    { numRuns: 3000 },
  )
})

test('a count that the bytes cannot hold is refused before anything is made', () => {
  const none = encodeSegment({ openUs: us(5), opening: NEW, records: [] })
  const many = Uint8Array.of(...none.slice(0, 4), 255, 255, 255, 127, 0, 0)
  expect(none).toEqual(Uint8Array.of(1, 5, 1, 0, 0, 0, 1, 0))
  expect(decodeSegment(many)).toBeNull()
})

test('what no log holds is not written', () => {
  fc.assert(
    fc.property(anySlice, (segment) => {
      const [first, second] = segment.records
      if (first === undefined || second === undefined) return
      const written = (records: BookRecord[]) => () => encodeSegment({ ...segment, records })
      expect(written([second, first])).toThrow(RangeError)
      expect(written([first, { ...second, recv: us(first.recv - 1) }])).toThrow(RangeError)
      expect(written([first, { ...second, seq: first.seq }])).toThrow(RangeError)
    }),
    { numRuns: 50 },
  )
  const yes = [
    [must(1), 1],
    [must(2), 1],
  ] as unknown as Level[]
  const worstFirst = {
    kind: 'snapshot',
    seq: seq(1),
    recv: us(9),
    event: null,
    yes,
    no: [],
  } as const
  expect(() =>
    encodeSegment({ openUs: us(5), opening: NEW, records: [{ ...worstFirst, reason: 'first' }] }),
  ).toThrow(RangeError)
})
