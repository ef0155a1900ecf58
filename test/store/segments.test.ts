import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { keepOpening, keptOpening } from '#core/kept-opening'
import type { BookRecord } from '#core/log'
import { type LogSeal, type SealedPart, sealLog } from '#core/log-sealing'
import { PackedRecords } from '#core/packed-records'
import { type Hold, underLease } from '../../collector/store/lease.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { deflated, insertSegments, lastSegments } from '../../collector/store/segments.ts'
import { addMarket, at, NOW, open, openStore, type Store, take } from './fixture.ts'
import { LogMaker } from './log-maker.ts'
import { busyLog, linked, RAIN, segmentsOf } from './stored-log.ts'

let store: Store
let hold: Hold
let marketId: number

beforeAll(async () => {
  store = await openStore()
  await makePartitions(store.collector, NOW)
})

beforeEach(async () => {
  await store.clear()
  hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  marketId = await addMarket(store.collector, hold, RAIN)
})

afterAll(() => store.stop())

const NEW: LogSeal = {
  opening: keepOpening({ kind: 'new' }),
  sealedUs: 0 as Micros,
  failing: null,
}

function seal(before: LogSeal, records: readonly BookRecord[], next = 0): SealedPart {
  const [first, ...rest] = records
  const runs = first === undefined ? [] : [new PackedRecords(first)]
  for (const record of rest) runs[0]?.add(record)
  return sealLog(before, runs, next as Micros, null)
}

async function insert(part: SealedPart): Promise<void> {
  const segments = part.runs.map((run) => deflated(marketId, run))
  await underLease(store.collector, hold, (tx) => insertSegments(tx, segments))
}

async function head() {
  const [row] = await store.owner`select first_us, last_seq, state from kb.sealed_logs`
  return row && [Number(row['first_us']) - NOW, Number(row['last_seq']) % 2 ** 32, row['state']]
}

test('segments that are stored twice are stored once, and say how their log stands', async () => {
  const { records } = busyLog(marketId, hold, 30)
  const first = seal(NEW, records.slice(0, 10))
  const second = seal(first.after, records.slice(10))
  for (const part of [first, second, first, second]) await insert(part)
  const segments = await segmentsOf(store.owner, marketId)
  expect(segments.flatMap((segment) => segment.records)).toEqual(records)
  expect(linked(segments)).toBe(true)
  expect(await head()).toEqual([10_000, 30, 'known'])
  const lasts = await lastSegments(store.collector, [marketId, 77])
  expect(lasts).toEqual(
    new Map([[marketId, { firstUs: at(10_000), closing: keptOpening(second.after.opening) }]]),
  )
})

test('many segments of many logs go in at once, each log noted at its last', async () => {
  const { records } = busyLog(marketId, hold, 30)
  const first = seal(NEW, records.slice(0, 10))
  const second = seal(first.after, records.slice(10, 20))
  const runs = [...first.runs, ...second.runs]
  const all = [1, 2, 3].flatMap((id) => runs.map((run) => deflated(id, run)))
  await underLease(store.collector, hold, (tx) => insertSegments(tx, all))
  const rows = await store.owner`
    select market_id, last_seq from kb.sealed_logs order by market_id`
  expect(rows.map((row) => [row['market_id'], Number(row['last_seq']) % 2 ** 32])).toEqual(
    [1, 2, 3].map((id) => [id, 19]),
  )
})

test('a log is noted as a gap or an end leaves it', async () => {
  const log = busyLog(marketId, hold, 2)
  log.gap(at(5000), at(4000), 'cut')
  const gap = seal(NEW, log.records)
  await insert(gap)
  expect(await head()).toEqual([0, 3, 'unknown'])
  const end = seal(gap.after, [log.end(at(6000), 'deselected')])
  await insert(end)
  expect(await head()).toEqual([6000, 4, 'ended'])
})

test('a record at the very start of a day takes the place of the segment without records', async () => {
  const day = 86_400_000_000
  const midnight = (NOW - (NOW % day) + day) as Micros
  const log = busyLog(marketId, hold, 2)
  const before = seal(NEW, log.records, midnight + 1)
  await insert(before)
  expect((await segmentsOf(store.owner, marketId)).map(({ records }) => records.length)).toEqual([
    3, 0,
  ])
  const late = seal(before.after, [log.delta(midnight, 'yes', 500_000, 100)])
  await insert(late)
  const segments = await segmentsOf(store.owner, marketId)
  expect(segments.flatMap(({ records }) => records)).toEqual(log.records)
})

test('a segment that cannot be read says that it cannot', async () => {
  await insert(
    seal(NEW, new LogMaker(marketId, hold).records.concat(busyLog(marketId, hold, 3).records)),
  )
  await store.owner`update kb.book_segments set data = 'no segment'`
  expect(await lastSegments(store.collector, [marketId])).toEqual(
    new Map([[marketId, { firstUs: NOW, closing: null }]]),
  )
})
