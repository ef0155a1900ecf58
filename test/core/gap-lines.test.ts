import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundGaps, foldGaps, type GapLine, printGapDay, readGapDay } from '#core/gap-lines'
import type { Micros } from '#core/instant'
import type { GapCause } from '#core/log'

const BEGIN = 1_795_000_000_000_000
const SECOND = 1_000_000
const at = (seconds: number) => (BEGIN + seconds * SECOND) as Micros

const gaps = (cause: GapCause, count: number, noticed: number, to: number | null): GapLine => ({
  cause,
  gaps: count,
  open: to === null ? count : 0,
  fromUs: at(noticed - 2),
  toUs: to === null ? null : at(to),
  noticedUs: at(noticed),
  lastNoticedUs: at(noticed),
})

const line = fc
  .record({
    cause: fc.constantFrom<GapCause>('cut', 'sequence', 'epoch'),
    count: fc.integer({ min: 1, max: 5000 }),
    noticed: fc.nat(200),
    length: fc.option(fc.nat(100)),
  })
  .map(({ cause, count, noticed, length }) =>
    gaps(cause, count, noticed, length === null ? null : noticed + length),
  )
const lines = fc.array(line, { maxLength: 40 })

test('what one cut does to thousands of books is one line, from the first begin to the last end', () => {
  const cut = [gaps('cut', 3000, 0, 20), gaps('cut', 2200, 1, 31), gaps('cut', 10, 9, 12)]
  expect(foldGaps([...cut, gaps('sequence', 1, 5, 6)])).toEqual([
    gaps('sequence', 1, 5, 6),
    {
      cause: 'cut',
      gaps: 5210,
      open: 0,
      fromUs: at(-2),
      toUs: at(31),
      noticedUs: at(0),
      lastNoticedUs: at(9),
    },
  ])
})

test('a line lasts while one of its gaps is open; later gaps of the same cause are another line', () => {
  const folded = foldGaps([gaps('cut', 5, 0, 3), gaps('cut', 1, 1, null), gaps('cut', 2, 30, 40)])
  expect(folded.map(({ gaps: count, open, toUs }) => [count, open, toUs])).toEqual([
    [2, 0, at(40)],
    [6, 1, null],
  ])
})

test('folding loses no gap, is the same for any order, and again', () => {
  fc.assert(
    fc.property(lines, (given) => {
      const folded = foldGaps(given)
      const count = (some: readonly GapLine[]) => some.reduce((sum, each) => sum + each.gaps, 0)
      expect(count(folded)).toBe(count(given))
      expect(foldGaps(given.toReversed())).toEqual(folded)
      expect(foldGaps(folded)).toEqual(folded)
      for (const { cause, fromUs, toUs, noticedUs, open } of given) {
        const holds = folded.filter(
          (each) =>
            each.cause === cause && each.noticedUs <= noticedUs && noticedUs <= each.lastNoticedUs,
        )
        expect(holds.length).toBe(1)
        expect(holds[0]?.fromUs).toBeLessThanOrEqual(fromUs)
        if (open > 0) expect(holds[0]?.toUs).toBeNull()
        else if (holds[0]?.toUs !== null) expect(holds[0]?.toUs).toBeGreaterThanOrEqual(toUs ?? 0)
      }
    }),
  )
})

test('of very many lines those of the most gaps are kept, the newest first', () => {
  const many = Array.from({ length: 30 }, (_, n) =>
    gaps('sequence', 1 + (n % 7), 20 * n, 20 * n + 1),
  )
  const { lines: kept, leftOff } = boundGaps(many, 8)
  expect([kept.length, leftOff]).toEqual([8, 22])
  expect(Math.min(...kept.map((each) => each.gaps))).toBe(6)
  expect(kept).toEqual([...kept].sort((a, b) => b.noticedUs - a.noticedUs))
})

test('what is kept of a day reads back as it was', () => {
  fc.assert(
    fc.property(lines, fc.nat(100), (given, leftOff) => {
      const day = { lines: given, leftOff }
      expect(readGapDay(JSON.parse(printGapDay(day)))).toEqual(day)
    }),
  )
  expect(() => readGapDay({ lines: [['flood', 1, 0, 1, 2, 1, 1]], left_off: 0 })).toThrow()
})
