import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BookRecord } from '#core/log'
import type { Opening, Segment } from '#core/segment'
import { encodeSegment } from '#core/segment-codec'
import { BrokenLogError, foldRecords } from '#core/segment-fold'
import { foldSegment } from '#core/segment-state'
import { must, seq, size, us } from './arbitraries.ts'
import { happeningsWithEnds, write } from './random-log.ts'

const NEW: Opening = { kind: 'new' }
const END = Number.MAX_SAFE_INTEGER

/** What may be wrong with a stored run: a record is missing, or a delta states another size than it makes. */
type Harm = { readonly at: number; readonly how: 'lost' | 'size' }

function harmed(records: readonly BookRecord[], harms: readonly Harm[]): BookRecord[] {
  const lost = new Set(harms.filter(({ how }) => how === 'lost').map(({ at }) => at))
  const wrong = new Set(harms.filter(({ how }) => how === 'size').map(({ at }) => at))
  return records.flatMap((record, i) => {
    if (lost.has(i)) return []
    const moved = wrong.has(i) && record.kind === 'delta'
    return [moved ? { ...record, size: size(record.size + 100) } : record]
  })
}

function folded(opening: Opening, records: readonly BookRecord[]): Opening | null {
  const begins = records.findLastIndex(({ kind }) => kind === 'gap' || kind === 'snapshot')
  try {
    return begins < 0 ? foldRecords(opening, records) : foldRecords(NEW, records.slice(begins))
  } catch (error) {
    if (error instanceof BrokenLogError) return null
    throw error
  }
}

test('a segment folded up to any point is what its records up to there make, broken ones too', () => {
  const count = { new: 0, known: 0, unknown: 0, closed: 0, broken: 0, mended: 0, cut: 0 }
  const harm = fc.record({ at: fc.nat(30), how: fc.constantFrom('lost' as const, 'size' as const) })
  const upTo = fc.record({ recv: fc.nat(), seq: fc.option(fc.nat()) })
  fc.assert(
    fc.property(
      happeningsWithEnds,
      fc.nat(),
      fc.array(harm, { maxLength: 2 }),
      upTo,
      (all, cut, harms, pick) => {
        const log = write(all).map(({ record }) => record)
        const from = cut % log.length
        const opening = foldRecords(NEW, log.slice(0, from))
        const records = harmed(log.slice(from), harms)
        const first = opening.kind === 'new' ? us((records[0]?.recv ?? 100) - 1) : opening.recv
        const segment: Segment = { openUs: first, opening, records }
        const places = [...records.map(({ recv }) => recv), first, us(first - 1), us(END)]
        const at = must(places[pick.recv % places.length])
        const last =
          pick.seq === null
            ? seq(END)
            : seq(
                records[pick.seq % (records.length + 1)]?.seq ??
                  (opening.kind === 'new' ? 0 : opening.seq),
              )
        const within = records.filter((record) => record.recv <= at && record.seq <= last)
        const found = must(foldSegment(encodeSegment(segment), { us: at, seq: last }))
        const truth = folded(opening, within)
        expect(found.state).toEqual(truth)
        const place = within.length > 0 || records.length === 0 ? records.at(-1) : undefined
        const after = place ?? (opening.kind === 'new' ? null : opening)
        expect(found.after && [found.after.seq, found.after.recv]).toEqual(
          after && [after.seq, after.recv],
        )
        expect(found.openUs).toBe(first)
        count[truth?.kind ?? 'broken'] += 1
        if (truth !== null && truth.kind !== 'new' && truth.closed) count.closed += 1
        if (truth !== null && harms.some((each) => each.at < within.length)) count.mended += 1
        if (within.length < records.length) count.cut += 1
      },
    ),
    { numRuns: 2000 },
  )
  for (const [what, times] of Object.entries(count)) expect(times, what).toBeGreaterThan(15)
})

test('what is read of damaged bytes never throws', () => {
  fc.assert(
    fc.property(happeningsWithEnds, fc.nat(), fc.nat(255), (all, at, byte) => {
      const records = write(all).map(({ record }) => record)
      const openUs = must(records[0]).recv
      const bytes = encodeSegment({ openUs, opening: NEW, records })
      bytes[at % bytes.length] = byte
      foldSegment(bytes, { us: us(END), seq: seq(END) })
      expect(
        foldSegment(bytes.slice(0, at % bytes.length), { us: us(END), seq: seq(END) }),
      ).toBeNull()
    }),
    { numRuns: 500 },
  )
})
