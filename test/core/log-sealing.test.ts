import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { keepOpening, keptOpening } from '#core/kept-opening'
import type { BookRecord, DeltaRecord } from '#core/log'
import { type LogSeal, sealLog } from '#core/log-sealing'
import { PackedRecords } from '#core/packed-records'
import { continues, dayOf } from '#core/sealing'
import { decodeSegment } from '#core/segment-codec'
import { must, us } from './arbitraries.ts'
import { plain } from './plain-book.ts'
import { happenings, happeningsWithEnds, type Written, write } from './random-log.ts'

const NEW: LogSeal = { opening: keepOpening({ kind: 'new' }), sealedUs: us(0), failing: null }
const DAY = 86_400_000_000

/** Records as runs, cut where the rule says and at these places too. */
function runsOf(records: readonly BookRecord[], cuts: ReadonlySet<number>): PackedRecords[] {
  const runs: PackedRecords[] = []
  for (const [i, record] of records.entries()) {
    const run = runs.at(-1)
    if (run !== undefined && !cuts.has(i) && continues(run, record)) run.add(record)
    else runs.push(new PackedRecords(record))
  }
  return runs
}

const recordsOf = (written: readonly Written[]) => written.map(({ record }) => record)
const lastOf = (records: readonly BookRecord[]) => must(records.at(-1))

test('every record of any log is in one segment, and each begins as the one before it ends', () => {
  const cuts = fc.array(fc.nat(60)).map((places) => new Set(places))
  fc.assert(
    fc.property(happeningsWithEnds, cuts, fc.nat(3), (all, places, between) => {
      const written = write(all)
      const records = recordsOf(written)
      const runs = runsOf(records, places)
      // In two parts, as if the collector had come to it twice.
      const first = sealLog(NEW, runs.slice(0, between), us(0), null)
      const then = sealLog(first.after, runs.slice(between), us(0), null)
      expect([first.suspect, then.suspect, ...first.failed, ...then.failed]).toEqual([null, null])
      const segments = [...first.runs, ...then.runs].map(({ bytes }) => must(decodeSegment(bytes)))
      expect(segments.flatMap((segment) => segment.records)).toEqual(records)
      const closings = [...first.runs, ...then.runs].map(({ closing }) => closing)
      expect(segments.slice(1).map(({ opening }) => opening)).toEqual(closings.slice(0, -1))
      const closing = keptOpening(then.after.opening)
      expect(closing).toEqual(closings.at(-1))
      const truth = written.at(-1)?.truth ?? null
      expect(closing.kind === 'known' ? plain(closing.ladders) : null).toEqual(truth)
    }),
  )
})

test('a record that comes again is in no second segment', () => {
  fc.assert(
    fc.property(happenings, fc.nat(20), (all, again) => {
      const records = recordsOf(write(all))
      const first = sealLog(NEW, runsOf(records.slice(0, again + 1), new Set()), us(0), null)
      const then = sealLog(first.after, runsOf(records, new Set()), us(0), null)
      const sealed = [...first.runs, ...then.runs].flatMap(
        ({ bytes }) => must(decodeSegment(bytes)).records,
      )
      expect(sealed).toEqual(records)
    }),
  )
})

/** A log of these; `s` a snapshot, `d` a delta, `g` a gap. */
function logOf(kinds: string): BookRecord[] {
  const ladders = { yes: [[420_000, 100]], no: [] } as never
  return recordsOf(
    write(
      [...kinds].map((kind) => {
        if (kind === 's') return { kind: 'snapshot', later: 10, ladders } as never
        if (kind === 'g') return { kind: 'gap', later: 10, cause: 0, back: 0 } as never
        return { kind: 'delta', later: 10, side: 'yes', price: 420_000, change: 50 } as never
      }),
    ),
  )
}

function withWrongSize(records: readonly BookRecord[], at: number): BookRecord[] {
  const wrong = must(records[at]) as DeltaRecord
  return records.with(at, {
    ...wrong,
    size: (wrong.size + 1) as DeltaRecord['size'],
  }) as BookRecord[]
}

test('a delta with a wrong size is refused, and all after it up to a gap, where the log begins anew', () => {
  const records = withWrongSize(logOf('sdddddgsd'), 3)
  const first = sealLog(NEW, runsOf(records.slice(0, 2), new Set()), us(0), null)
  const wrong = sealLog(first.after, runsOf(records.slice(2, 5), new Set()), us(0), null)
  expect(wrong.runs).toEqual([])
  expect(wrong.suspect).toBe(records[1]?.recv)
  expect(wrong.failed).toMatchObject([
    { first: { seq: records[2]?.seq }, last: { seq: records[4]?.seq } },
  ])
  expect(wrong.after.opening).toBe(first.after.opening)

  const anew = sealLog(wrong.after, runsOf(records.slice(5), new Set()), us(0), null)
  expect(anew.suspect).toBeNull()
  expect(anew.failed).toMatchObject([
    { first: { seq: records[2]?.seq }, last: { seq: records[5]?.seq } },
  ])
  expect(anew.runs.map(({ row }) => [row.first_seq, row.last_seq])).toEqual([
    [records[6]?.seq, records[8]?.seq],
  ])
  expect(anew.after.failing).toBeNull()
})

test('of a run only what is wrong is left out: what begins anew in it is sealed', () => {
  const records = withWrongSize(logOf('sddgsddgsd'), 5)
  const { runs, failed, after } = sealLog(NEW, runsOf(records, new Set()), us(0), null)
  const seqs = records.map(({ seq }) => seq)
  expect(runs.map(({ row }) => [row.first_seq, row.last_seq])).toEqual([
    [seqs[0], seqs[2]],
    [seqs[3], seqs[3]],
    [seqs[7], seqs[9]],
  ])
  expect(failed.map(({ first, last }) => [first.seq, last.seq])).toEqual([[seqs[4], seqs[6]]])
  expect(after.failing).toBeNull()
})

test('while nothing begins anew, a log that failed has nothing sealed', () => {
  const records = withWrongSize(logOf('sdddd'), 1)
  const failed = sealLog(NEW, runsOf(records.slice(0, 3), new Set()), us(0), null)
  const still = sealLog(failed.after, runsOf(records.slice(3), new Set()), us(9e15), null)
  expect(still.runs).toEqual([])
  expect(still.failed).toMatchObject([{ last: { seq: lastOf(records).seq } }])
})

test('a live book that is another refuses the run that should make it, and no earlier one is held to it', () => {
  const records = logOf('sdd')
  const runs = runsOf(records, new Set())
  const [seq, levels] = [lastOf(records).seq, [[420_000, 200]]]
  const same = { seq, yes: levels, no: [] } as never
  const other = { seq, yes: [[420_000, 201]], no: [] } as never
  const later = { seq: seq + 1, yes: [[420_000, 201]], no: [] } as never
  expect(sealLog(NEW, runs, us(0), same).suspect).toBeNull()
  expect(sealLog(NEW, runs, us(0), later).suspect).toBeNull()
  expect(sealLog(NEW, runs, us(0), other)).toMatchObject({
    runs: [],
    failed: [{ reason: 'the live book is another' }],
    suspect: records[0]?.recv,
  })
})

test('a log has a segment without records at the start of each day that it goes through', () => {
  const records = logOf('sd')
  const last = lastOf(records)
  const next = us(dayOf(last.recv) + 2 * DAY + 5)
  const { runs, after } = sealLog(NEW, runsOf(records, new Set()), next, null)
  const rows = runs.map(({ row }) => [row.first_us, row.first_seq, row.last_seq, row.records])
  expect(rows.slice(1)).toEqual(
    [1, 2].map((day) => [dayOf(last.recv) + day * DAY, last.seq + 1, last.seq, 0]),
  )
  const silent = sealLog(after, [], us(next + DAY), null)
  expect(silent.runs.map(({ row }) => row.first_us)).toEqual([dayOf(last.recv) + 3 * DAY])
  const [opening, closing] = [must(runs[0]).closing, keptOpening(silent.after.opening)]
  expect(closing).toEqual(opening)
  expect(must(decodeSegment(must(silent.runs.at(-1)).bytes)).opening).toEqual(opening)
})

test('a day that had begun begins anew after a run that came late', () => {
  const [snapshot, change] = logOf('sd').map((record, i) => ({ ...record, recv: us(DAY - 9 + i) }))
  const early = sealLog(NEW, runsOf([must(snapshot)], new Set()), us(DAY + 5), null)
  const late = sealLog(early.after, runsOf([must(change)], new Set()), us(DAY + 6), null)
  const rows = [...early.runs, ...late.runs].map(({ row }) => [row.first_us, row.records])
  expect(rows).toEqual([
    [DAY - 9, 1],
    [DAY, 0],
    [DAY - 8, 1],
    [DAY, 0],
  ])
  expect(late.runs.at(-1)?.row.last_seq).toBe(must(change).seq)
})

test('a log that has ended, or has not begun, has no segments of silent days', () => {
  const records = recordsOf(
    write([
      { kind: 'snapshot', later: 0, ladders: { yes: [], no: [] } },
      { kind: 'end', later: 5, reason: 'settled' } as never,
    ]),
  )
  const next = us(lastOf(records).recv + 3 * DAY)
  const ended = sealLog(NEW, runsOf(records, new Set()), next, null)
  expect(ended.runs.length).toBe(1)
  expect(ended.over).toBe(true)
  expect(sealLog(NEW, [], next, null)).toMatchObject({ runs: [], over: true })
})
