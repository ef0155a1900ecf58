import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Book } from '#core/book'
import type { BookRecord } from '#core/log'
import type { Opening } from '#core/segment'
import { BrokenLogError, closingOf, foldRecords } from '#core/segment-fold'
import { change, levels, must, price, seq, size, us } from './arbitraries.ts'
import { happeningsWithEnds, plainOf, write } from './random-log.ts'

const NEW: Opening = { kind: 'new' }
const SNAPSHOT: BookRecord = {
  kind: 'snapshot',
  seq: seq(5),
  reason: 'first',
  recv: us(100),
  event: null,
  yes: levels([420_000, 500]),
  no: [],
}
const DELTA: BookRecord = {
  kind: 'delta',
  seq: seq(6),
  side: 'yes',
  price: price(420_000),
  change: change('1.00'),
  size: size(600),
  recv: us(110),
  event: us(90),
}
const GAP: BookRecord = {
  kind: 'gap',
  seq: seq(7),
  cause: 'silence',
  from: us(105),
  prevSeq: seq(6),
  recv: us(120),
  event: null,
}
const END: BookRecord = { kind: 'end', seq: seq(7), reason: 'settled', recv: us(130), event: null }

test('the state after records is the plain book of the last, or its gap, however they are cut', () => {
  const count = { known: 0, unknown: 0, new: 0, closed: 0 }
  fc.assert(
    fc.property(happeningsWithEnds, fc.array(fc.nat(), { maxLength: 5 }), (all, picks) => {
      const written = write(all)
      const records = written.map(({ record }) => record)
      const cuts = [0, ...picks.map((pick) => pick % records.length), records.length]
      cuts.sort((a, b) => a - b)
      let opening: Opening = { kind: 'new' }
      for (const [i, cut] of cuts.entries()) {
        const part = records.slice(cuts[i - 1] ?? 0, cut)
        opening = closingOf({ openUs: us(0), opening, records: part })
        expect(opening).toEqual(foldRecords(NEW, records.slice(0, cut)))
        count[opening.kind] += 1
        if (cut === 0) continue
        const { record, truth } = must(written[cut - 1])
        expect(opening).toMatchObject({ seq: record.seq, recv: record.recv })
        expect(opening).toMatchObject({ closed: record.kind === 'end' })
        if (opening.kind !== 'new' && opening.closed) count.closed += 1
        if (opening.kind !== 'known') {
          expect(truth).toBeNull()
          expect(opening).toMatchObject({ gap: records.slice(0, cut).findLast(isGap) })
          continue
        }
        expect(plainOf(must(Book.of(opening.ladders)))).toEqual(truth)
        const start = records.slice(0, cut).findLastIndex(({ kind }) => kind === 'snapshot')
        const since = records.slice(start, cut).filter(({ kind }) => kind === 'delta')
        expect(opening.openingSeq).toBe(records[start]?.seq)
        expect(opening.deltas).toBe(since.length)
      }
    }),
    { numRuns: 400 },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(20)
})

const isGap = ({ kind }: BookRecord) => kind === 'gap'

test.each<[string, BookRecord[]]>([
  ['a delta that nothing precedes', [DELTA]],
  ['a hole', [SNAPSHOT, { ...DELTA, seq: seq(7) }]],
  ['a record twice', [SNAPSHOT, DELTA, DELTA]],
  ['a snapshot twice', [SNAPSHOT, SNAPSHOT]],
  ['a time that goes back', [SNAPSHOT, { ...DELTA, recv: us(99) }]],
  ['a size that the change does not make', [SNAPSHOT, { ...DELTA, size: size(601) }]],
  ['a change that cannot be', [SNAPSHOT, { ...DELTA, change: change('-6.00'), size: size(0) }]],
  ['a delta in a gap', [SNAPSHOT, DELTA, GAP, { ...DELTA, seq: seq(8), recv: us(130) }]],
  ['a delta after the end', [SNAPSHOT, DELTA, END, { ...DELTA, seq: seq(8), recv: us(140) }]],
  ['an end of nothing', [END]],
])('%s is a broken log', (_, records) => {
  expect(() => foldRecords(NEW, records)).toThrow(BrokenLogError)
  const before = records.slice(0, -1)
  expect(() => foldRecords(foldRecords(NEW, before), records.slice(-1))).toThrow(BrokenLogError)
})

test('a log that ended in a gap stays unknown and closed', () => {
  const end = { ...END, seq: seq(8) }
  expect(foldRecords(NEW, [SNAPSHOT, DELTA, GAP, end])).toEqual({
    kind: 'unknown',
    seq: 8,
    recv: 130,
    gap: GAP,
    closed: true,
  })
})
