import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BookRecord, DeltaRecord } from '#core/log'
import { PackedRecords } from '#core/packed-records'
import { seq, us } from './arbitraries.ts'
import { happeningsWithEnds, write } from './random-log.ts'

function packed([first, ...rest]: readonly BookRecord[]): PackedRecords {
  if (first === undefined) throw new Error('a log without records')
  const run = new PackedRecords(first)
  for (const record of rest) run.add(record)
  return run
}

test('the records of any log come out as they went in', () => {
  fc.assert(
    fc.property(happeningsWithEnds, (all) => {
      const records = write(all).map(({ record }) => record)
      const run = packed(records)
      expect(run.records()).toEqual(records)
      expect(run.count).toBe(records.length)
      expect(run.last).toMatchObject({ seq: records.at(-1)?.seq, recv: records.at(-1)?.recv })
    }),
  )
})

const delta = (over: Partial<DeltaRecord>): DeltaRecord => {
  const body = { side: 'no', price: 420_000, change: -300, size: 900 } as const
  const stamp = { seq: seq(7), recv: us(1_795_280_400_000_000), event: null }
  return { kind: 'delta', ...stamp, ...body, ...over } as DeltaRecord
}

test('an exchange whose time is centuries off does not matter', () => {
  const records = [
    delta({ event: us(0) }),
    delta({ seq: seq(8), event: us(Number.MAX_SAFE_INTEGER) }),
    delta({ seq: seq(9), event: us(1_795_280_399_999_000) }),
  ]
  expect(packed(records).records()).toEqual(records)
})

test('a delta takes some 13 bytes', () => {
  const run = packed([delta({})])
  const before = run.size
  for (let n = 1; n <= 1000; n++) {
    const recv = us(1_795_280_400_000_000 + n * 1_500_000)
    run.add(delta({ seq: seq(7 + n), recv, event: us(recv - 31_456) }))
  }
  expect((run.size - before) / 1000).toBeLessThan(16)
})

test('what goes back is refused', () => {
  const run = packed([delta({})])
  expect(() => run.add(delta({ seq: seq(6) }))).toThrow(RangeError)
  expect(() => run.add(delta({ seq: seq(8), recv: us(1) }))).toThrow(RangeError)
})
