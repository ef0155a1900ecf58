import { expect, test } from 'vitest'
import { type DeltaRecord, seqOf } from '#core/log'
import { PackedRecords } from '#core/packed-records'
import {
  continues,
  dayOf,
  dayStarts,
  isFull,
  nextHour,
  RUN_RECORDS,
  sealedAt,
  turnOf,
} from '#core/sealing'
import { epoch, price, size, ticker, us } from './arbitraries.ts'

const HOUR = 3_600_000_000
const MINUTE = 60_000_000
const DAY = 24 * HOUR
/** 2026-11-22T00:00:00Z in µs. */
const MIDNIGHT = Date.UTC(2026, 10, 22) * 1000

function delta(n: number, recv: number, of = 8): DeltaRecord {
  const stamp = { seq: seqOf(epoch(of), n), recv: us(recv), event: null }
  const body = { side: 'yes', price: price(420_000), size: size(100) } as const
  return { kind: 'delta', ...stamp, ...body, change: 100 as DeltaRecord['change'] }
}

test('an hour and a day begin where UTC says', () => {
  expect(dayOf(us(MIDNIGHT + 5))).toBe(MIDNIGHT)
  expect(dayOf(us(MIDNIGHT))).toBe(MIDNIGHT)
  expect(nextHour(us(MIDNIGHT))).toBe(MIDNIGHT + HOUR)
  expect(nextHour(us(MIDNIGHT + HOUR - 1))).toBe(MIDNIGHT + HOUR)
})

test('the markets take turns over twelve minutes, so that all of an hour is sealed within fifteen', () => {
  const turns = Array.from({ length: 2000 }, (_, n) => turnOf(ticker(`KXBTCD-26NOV2217-T${n}`)))
  expect(Math.max(...turns)).toBeLessThan(12 * MINUTE)
  const minutes = new Set(turns.map((turn) => Math.floor(turn / MINUTE)))
  expect([...minutes].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n))
})

test('a run is sealed in its turn after the end of the hour of its first record', () => {
  const run = new PackedRecords(delta(0, MIDNIGHT + HOUR + 10))
  run.add(delta(1, MIDNIGHT + 2 * HOUR + 10))
  expect(sealedAt(run, 3 * MINUTE)).toBe(MIDNIGHT + 2 * HOUR + 3 * MINUTE)
})

test('a run holds 512 records and no more', () => {
  const run = new PackedRecords(delta(0, MIDNIGHT))
  for (let n = 1; n < RUN_RECORDS; n++) {
    expect(continues(run, delta(n, MIDNIGHT + n))).toBe(true)
    run.add(delta(n, MIDNIGHT + n))
  }
  expect(isFull(run)).toBe(true)
  expect(continues(run, delta(RUN_RECORDS, MIDNIGHT + RUN_RECORDS))).toBe(false)
})

test('a run of whole books ends before it is too large for a reader', () => {
  const levels = Array.from({ length: 999 }, (_, n) => [price(999_000 - n * 1000), size(10 ** 14)])
  const snapshot = (n: number) =>
    ({
      ...{ kind: 'snapshot', reason: 'exchange', seq: seqOf(epoch(8), n), recv: us(MIDNIGHT + n) },
      ...{ event: null, yes: levels, no: levels },
    }) as never
  const run = new PackedRecords(snapshot(0))
  let n = 1
  for (; !isFull(run); n++) run.add(snapshot(n))
  expect(run.size).toBeLessThan(1024 * 1024)
  expect(n).toBeLessThan(RUN_RECORDS)
})

test('no run spans two days or two epochs', () => {
  const run = new PackedRecords(delta(0, MIDNIGHT - 2))
  expect(continues(run, delta(1, MIDNIGHT - 1))).toBe(true)
  expect(continues(run, delta(1, MIDNIGHT))).toBe(false)
  expect(continues(run, delta(1, MIDNIGHT - 1, 9))).toBe(false)
})

test('the starts of the days between two moments are those after the one and before the other', () => {
  expect(dayStarts(us(MIDNIGHT - 1), us(MIDNIGHT + 1))).toEqual([MIDNIGHT])
  expect(dayStarts(us(MIDNIGHT - 1), us(MIDNIGHT))).toEqual([])
  expect(dayStarts(us(MIDNIGHT), us(MIDNIGHT + DAY - 1))).toEqual([])
  expect(dayStarts(us(MIDNIGHT - 1), us(MIDNIGHT + 2 * DAY + 1))).toEqual([
    MIDNIGHT,
    MIDNIGHT + DAY,
    MIDNIGHT + 2 * DAY,
  ])
})

test('a clock gone wrong makes no more than a year of days', () => {
  expect(dayStarts(us(0), us(MIDNIGHT)).length).toBeLessThanOrEqual(366)
  expect(dayStarts(us(MIDNIGHT), us(0))).toEqual([])
})
