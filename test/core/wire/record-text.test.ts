import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BookRecord, END_REASONS, GAP_CAUSES, SNAPSHOT_REASONS } from '#core/log'
import { printPrice } from '#core/price'
import { printSize } from '#core/size'
import { csvLine } from '#core/wire/csv'
import { priceText, SeriesText, sizeText } from '#core/wire/number-text'
import { printRecord } from '#core/wire/record'
import { RECORD_COLUMNS, RecordCsv } from '#core/wire/record-csv'
import { RecordText } from '#core/wire/record-text'
import { anyChange, anyLadders, anyPrice, anySide, anySize, seq, us } from '../arbitraries.ts'

/** Numbers of which many lie near each other, and some where one more digit begins. */
const anyNumber = fc.oneof(
  fc.integer({ min: 1_795_000_000_000_000, max: 1_795_000_002_000_000 }),
  fc.constantFrom(0, 9, 999, 1000, 999_999, 1_000_000, 1_000_001, Number.MAX_SAFE_INTEGER),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
)
const anyMicros = anyNumber.map(us)
const stamp = { seq: anyNumber.map(seq), recv: anyMicros }
const unstamped = { ...stamp, event: fc.constant(null) }
const delta = fc.record({
  kind: fc.constant('delta' as const),
  ...stamp,
  event: fc.option(anyMicros, { nil: null }),
  side: anySide,
  price: fc.oneof(
    anyPrice,
    fc.integer({ min: 1, max: 99 }).map((cents) => (cents * 10_000) as never),
  ),
  change: anyChange,
  size: anySize,
})
const snapshot = fc
  .tuple(fc.record({ ...unstamped, reason: fc.constantFrom(...SNAPSHOT_REASONS) }), anyLadders)
  .map(([stamped, ladders]) => ({ kind: 'snapshot' as const, ...stamped, ...ladders }))
const gap = fc.record({
  kind: fc.constant('gap' as const),
  ...unstamped,
  cause: fc.constantFrom(...GAP_CAUSES),
  from: anyMicros,
  prevSeq: fc.option(anyNumber.map(seq), { nil: null }),
})
const end = fc.record({
  kind: fc.constant('end' as const),
  ...stamp,
  event: fc.option(anyMicros, { nil: null }),
  reason: fc.constantFrom(...END_REASONS),
})
const anyRecords: fc.Arbitrary<BookRecord[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: delta }, snapshot, gap, end),
  { maxLength: 20 },
)
const market = 'KX.A-1_b'

test('a line of NDJSON is what JSON.stringify makes of the printed record', () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const text = new RecordText()
      for (const record of records) {
        const printed = printRecord(record)
        expect(text.line(record)).toBe(`${JSON.stringify(printed)}\n`)
        expect(text.line(record, market)).toBe(`${JSON.stringify({ market, ...printed })}\n`)
      }
    }),
  )
})

test('a line of CSV is what csvLine makes of the printed record', () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const csv = new RecordCsv()
      for (const record of records) {
        const line = csvLine(RECORD_COLUMNS, printRecord(record))
        expect(csv.line(record)).toBe(line)
        expect(csv.line(record, market)).toBe(`${market},${line}`)
        expect(csv.line(record, '-1')).toBe(`-1,${line}`)
        expect(csv.line(record, '-a')).toBe(`'-a,${line}`)
      }
    }),
  )
})

test('numbers are printed as elsewhere', () => {
  fc.assert(
    fc.property(anyPrice, anySize, anyChange, fc.array(anyNumber), (price, size, change, many) => {
      expect(priceText(price)).toBe(printPrice(price))
      expect(priceText(price)).toBe(printPrice(price))
      expect(sizeText(size)).toBe(printSize(size))
      expect(sizeText(change)).toBe(printSize(change))
      const series = new SeriesText()
      for (const number of many) expect(series.print(number)).toBe(String(number))
    }),
  )
})
