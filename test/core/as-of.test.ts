import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asOf } from '#core/as-of'
import type { Micros } from '#core/instant'
import type { BookRecord, Gap, SnapshotRecord } from '#core/log'
import { BrokenLogError } from '#core/segment-fold'
import { change, levels, must, price, seq, size, us } from './arbitraries.ts'
import type { PlainBook } from './plain-book.ts'
import { gapsOf, happenings, plainOf, type Written, write } from './random-log.ts'

const NEW = { kind: 'new' } as const
const START: SnapshotRecord = {
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
  seq: seq(6),
  cause: 'silence',
  from: us(105),
  prevSeq: seq(5),
  recv: us(120),
  event: null,
}
const OVERLAY: Gap = {
  seq: seq(9),
  cause: 'mismatch',
  from: us(95),
  to: us(200),
  noticed: us(190),
  prevSeq: seq(8),
}

test('a book tells what it rests on: its snapshot, the deltas after it, the last change', () => {
  const answer = asOf(NEW, [START, DELTA], [])
  expect(answer).toMatchObject({
    kind: 'book',
    closed: false,
    seq: 6,
    changed: 110,
    event: 90,
    proof: { openingSeq: 5, deltasApplied: 1 },
  })
  expect(answer.kind === 'book' && answer.book.ladders()).toEqual({
    yes: levels([420_000, 600]),
    no: [],
  })
})

test('before the first record there is no book, and that is not an unknown one', () => {
  expect(asOf(NEW, [], [])).toEqual({ kind: 'before_record' })
})

test('invariant 4: where the last record is a gap the answer is the gap', () => {
  expect(asOf(NEW, [START, GAP], [])).toEqual({
    kind: 'unknown',
    seq: 6,
    gap: { seq: 6, cause: 'silence', from: 105, to: null, noticed: 120, prevSeq: 5 },
  })
})

test('where the last record is a gap that begins or ends at the instant, it is told by the bounds known now', () => {
  const healed: Gap = {
    seq: seq(6),
    cause: 'silence',
    from: us(120),
    to: us(150),
    noticed: us(120),
    prevSeq: seq(5),
  }
  const found = { kind: 'unknown', seq: 6, gap: healed }
  expect(asOf(NEW, [START, GAP], [], [OVERLAY, healed])).toEqual(found)
})

test('a record that follows nothing costs neither an instant inside a gap nor a book that begins after it', () => {
  const hole = { ...DELTA, seq: seq(7) } as BookRecord
  const anew: SnapshotRecord = { ...START, seq: seq(8), reason: 'gap', recv: us(200) }
  expect(() => asOf(NEW, [START, hole], [])).toThrow(BrokenLogError)
  expect(asOf(NEW, [START, hole], [OVERLAY])).toEqual({ kind: 'unknown', gap: OVERLAY, seq: 7 })
  expect(asOf(NEW, [START, hole, anew], [])).toEqual(asOf(NEW, [anew], []))
})

test('hindsight: a gap found later covers records that were stored before it was found', () => {
  expect(asOf(NEW, [START, DELTA], [OVERLAY])).toEqual({ kind: 'unknown', gap: OVERLAY, seq: 6 })
})

test('a log that ended shows its last book as closed', () => {
  const end: BookRecord = {
    kind: 'end',
    seq: seq(6),
    reason: 'settled',
    recv: us(130),
    event: null,
  }
  expect(asOf(NEW, [START, end], [])).toMatchObject({ kind: 'book', closed: true, seq: 6 })
})

test('a log that ended in a gap stays unknown', () => {
  const end: BookRecord = {
    kind: 'end',
    seq: seq(7),
    reason: 'settled',
    recv: us(130),
    event: null,
  }
  expect(asOf(NEW, [START, GAP, end], [])).toMatchObject({ kind: 'unknown', seq: 7 })
})

test('a hole in the stored records is a fault of ours and is never answered over', () => {
  const later: BookRecord = { ...DELTA, seq: seq(7) }
  expect(() => asOf(NEW, [START, later], [])).toThrow(BrokenLogError)
  expect(() => asOf(NEW, [DELTA], [])).toThrow(BrokenLogError)
})

/** What a store hands to the fold for an instant: the last snapshot by then and what follows it. */
function selected(written: readonly Written[], at: Micros) {
  const by = written.map(({ record }) => record).filter(({ recv }) => recv <= at)
  const start = by.findLastIndex(({ kind }) => kind === 'snapshot')
  const opening = by[start]
  return {
    whole: by,
    opening: opening?.kind === 'snapshot' ? opening : null,
    rest: by.slice(start + 1),
    gaps: gapsOf(written).filter(({ from, to }) => from < at && (to === null || at < to)),
  }
}

/** The plain answer: what could be known at the instant, with hindsight. */
function truthAt(written: readonly Written[], at: Micros): PlainBook | 'unknown' | 'before' {
  const { gaps } = selected(written, at)
  if (gaps.length > 0) return 'unknown'
  const last = written.findLast(({ record }) => record.recv <= at)
  return last === undefined ? 'before' : (last.truth ?? 'unknown')
}

function plainAnswer(answer: ReturnType<typeof asOf>): PlainBook | 'unknown' | 'before' {
  if (answer.kind === 'book') return plainOf(answer.book)
  return answer.kind === 'unknown' ? 'unknown' : 'before'
}

test('invariant 1: the book at any instant is the plain fold of all that was received by then', () => {
  const count = { book: 0, unknown: 0, before: 0, hindsight: 0 }
  fc.assert(
    fc.property(happenings, fc.array(fc.nat(), { minLength: 5, maxLength: 20 }), (all, picks) => {
      const written = write(all)
      const first = must(written[0]).record.recv
      const span = must(written.at(-1)).record.recv - first + 4
      for (const pick of picks) {
        const at = us(first - 2 + (pick % span))
        const { whole, opening, rest, gaps } = selected(written, at)
        const truth = truthAt(written, at)
        expect(plainAnswer(asOf(NEW, opening === null ? rest : [opening, ...rest], gaps))).toEqual(
          truth,
        )
        expect(plainAnswer(asOf(NEW, whole, gaps)), 'from the very start').toEqual(truth)
        count[typeof truth === 'string' ? truth : 'book'] += 1
        if (truth === 'unknown' && written.findLast((w) => w.record.recv <= at)?.truth) {
          count.hindsight += 1
        }
      }
    }),
    { numRuns: 400 },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(20)
})

test('invariant 4: at no instant strictly inside a gap is a book answered', () => {
  fc.assert(
    fc.property(happenings, (all) => {
      const written = write(all)
      const end = must(written.at(-1)).record.recv + 3
      for (const gap of gapsOf(written)) {
        for (let at = gap.from + 1; at < (gap.to ?? end); at++) {
          const { opening, rest, gaps } = selected(written, us(at))
          expect(asOf(NEW, opening === null ? rest : [opening, ...rest], gaps).kind).toBe('unknown')
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('invariant 10: the book folded at now is the writer’s own, level by level', () => {
  const count = { books: 0 }
  fc.assert(
    fc.property(happenings, (all) => {
      const written = write(all)
      const { record, image } = must(written.at(-1))
      const { opening, rest, gaps } = selected(written, us(record.recv + 1))
      const answer = asOf(NEW, opening === null ? rest : [opening, ...rest], gaps)
      expect(answer.kind).toBe(image === null ? 'unknown' : 'book')
      if (image === null || answer.kind !== 'book') return
      count.books += 1
      expect(answer.book.ladders()).toEqual({ yes: image.yes, no: image.no })
      expect(answer.seq).toBe(image.seq)
    }),
    { numRuns: 300 },
  )
  expect(count.books).toBeGreaterThan(50)
})
