import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { hourOf } from '#core/sealing'
import { type Hold, underLease } from '../../collector/store/lease.ts'
import { insertRecords } from '../../collector/store/log-rows.ts'
import {
  dropSealedHours,
  ensurePartitions,
  makePartitions,
} from '../../collector/store/partitions.ts'
import { SealRecovery } from '../../collector/store/seal-recovery.ts'
import { addMarket, open, openStore, type Store, take } from './fixture.ts'
import { LogMaker } from './log-maker.ts'
import { hotSeqs, RAIN, segmentsOf } from './stored-log.ts'

const HOUR = 3_600_000_000
/** Long past: Postgres's own clock says which hours have ended. */
const START = (Date.UTC(2026, 1, 3, 9) * 1000) as Micros
const LATER = (START + 100 * HOUR) as Micros
const after = (us: number) => (START + us) as Micros

let store: Store
let hold: Hold
let marketId: number

beforeAll(async () => {
  store = await openStore()
})

beforeEach(async () => {
  await store.clear()
  await store.owner`select kb.drop_book_partition(low, 0, 0) from generate_series(
    ${START - 10 * HOUR}::int8, ${START + 10 * HOUR}::int8, ${HOUR}::int8) low`
  await ensurePartitions(store.collector, START, 2)
  hold = await take(store.collector)
  await open(store.collector, hold, START)
  marketId = await addMarket(store.collector, hold, RAIN)
})

afterAll(() => store.stop())

async function drop(lowUs: number, minAgeUs = 0, restUs = 0): Promise<string> {
  const [row] = await store.collector`
    select kb.drop_book_partition(${lowUs}::int8, ${minAgeUs}::int8, ${restUs}::int8) as outcome`
  return String(row?.['outcome'])
}

/** A log whose records are one minute apart. */
async function record(minutes: number): Promise<LogMaker> {
  const log = new LogMaker(marketId, hold)
  log.snapshot(after(1), [[500_000, 5]], [], 'first')
  for (let n = 1; n < minutes; n++) log.delta(after(n * 60_000_000), 'yes', 500_000, 1)
  await log.store(store.collector, after(minutes * 60_000_000))
  return log
}

async function recover(): Promise<Hold> {
  const next = await take(store.collector)
  await open(store.collector, next, LATER)
  await new SealRecovery({ sql: store.collector, hold: next }).run()
  return next
}

async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: { code: string }) => error.code,
  )
}

test('an hour is dropped when every record of it is in a segment, and not before', async () => {
  const log = await record(90)
  expect(await drop(START)).toBe('unsealed')
  expect(await drop(START + HOUR)).toBe('unsealed')
  await recover()
  expect(await drop(START)).toBe('dropped')
  const left = (await hotSeqs(store.owner, marketId)).length
  expect(left).toBe(30 + 1)
  expect(await drop(START + HOUR)).toBe('dropped')
  expect(await drop(START)).toBe('absent')
  const sealed = (await segmentsOf(store.owner, marketId)).flatMap(({ records }) => records)
  expect(sealed).toEqual(log.records)
})

test('one unsealed record of one market keeps an hour', async () => {
  await record(20)
  await recover()
  const other = await addMarket(store.collector, await take(store.collector), 'KXRAIN-26NOV22-B')
  const log = new LogMaker(other, hold)
  const records = [log.snapshot(after(5000), [], [], 'first')]
  const next = await take(store.collector)
  await underLease(store.collector, next, (tx) =>
    insertRecords(
      tx,
      records.map((one) => ({ marketId: other, record: one })),
    ),
  )
  expect(await drop(START)).toBe('unsealed')
})

test('records of an earlier epoch that came late keep an hour although later ones are sealed', async () => {
  const log = await record(20)
  await recover()
  const late = log.delta(after(25 * 60_000_000), 'yes', 500_000, 1)
  const next = await take(store.collector)
  await underLease(store.collector, next, (tx) => insertRecords(tx, [{ marketId, record: late }]))
  expect(await drop(START)).toBe('unsealed')
  await open(store.collector, next, (LATER + HOUR) as Micros)
  await new SealRecovery({ sql: store.collector, hold: next }).run()
  expect(await drop(START)).toBe('dropped')
})

test('an hour that is sealed is left a while for those who read it unsealed', async () => {
  await record(20)
  expect(await drop(START, 0, 300_000)).toBe('unsealed')
  await recover()
  expect(await drop(START, 0, HOUR)).toBe('resting')
  expect(await drop(START, 0, HOUR)).toBe('resting')
  expect(await drop(START)).toBe('dropped')
  await ensurePartitions(store.collector, START, 1)
  expect(await drop(START, 0, HOUR)).toBe('resting')
})

test('an hour that has not ended, or not long ago, is refused whatever is asked', async () => {
  // An hour that ends while Postgres is asked has ended.
  const soon = (Date.now() * 1000 + 60_000_000) as Micros
  await ensurePartitions(store.collector, (soon - HOUR) as Micros, 2)
  expect(await drop(hourOf(soon))).toBe('young')
  expect(await drop(hourOf((soon - HOUR) as Micros), 2 * HOUR)).toBe('young')
  expect(await refusal(drop(hourOf(soon) + 1))).toBe('22023')
  expect(await refusal(drop(hourOf(soon), -1))).toBe('22023')
})

test('an hour without records is dropped, and one without a partition is told apart', async () => {
  expect(await drop(START + HOUR)).toBe('dropped')
  expect(await drop(START + HOUR)).toBe('absent')
})

test('records whose partition was missing are found, given one, and go the way of all others', async () => {
  await record(20)
  const log = new LogMaker(marketId, hold, 20)
  const far = after(4 * HOUR)
  const record20 = log.snapshot(far, [[500_000, 7]], [], 'exchange')
  await log.store(store.collector, far)
  expect(await drop(far)).toBe('default_holds_rows')
  expect(await makePartitions(store.collector, LATER)).toBe(1)
  expect(await makePartitions(store.collector, LATER)).toBe(0)
  expect(await drop(far)).toBe('unsealed')
  await recover()
  expect(await drop(far)).toBe('dropped')
  const sealed = (await segmentsOf(store.owner, marketId)).flatMap(({ records }) => records)
  expect(sealed.at(-1)).toEqual(record20)
})

test('records that cannot be sealed keep their hour', async () => {
  await record(20)
  await store.owner`update kb.book_deltas set size = 77 where market_id = ${marketId} and kind = 1`
  await recover()
  expect(await drop(START)).toBe('failed')
  expect((await hotSeqs(store.owner, marketId)).length).toBe(20 + 1)
})

test('whoever works with the log is not waited for longer than a moment', async () => {
  const reader = await store.owner.reserve()
  try {
    await reader`begin`
    await reader`select count(*) from kb.book_deltas`
    expect(await drop(START + HOUR)).toBe('locked')
  } finally {
    await reader`rollback`
    reader.release()
  }
  expect(await drop(START + HOUR)).toBe('dropped')
})

test('of all hours those that are sealed go, oldest first, and the rest is counted', async () => {
  await record(90)
  const outcome = () => dropSealedHours(store.collector, LATER, 0, 0)
  expect(await outcome()).toEqual({ unsealed: 2 })
  await recover()
  expect(await dropSealedHours(store.collector, (START + HOUR + 5) as Micros, 10, 0)).toEqual({})
  expect(await dropSealedHours(store.collector, LATER, 0, HOUR)).toEqual({ resting: 2 })
  expect(await outcome()).toEqual({ dropped: 2 })
  expect(await outcome()).toEqual({})
})

test('nobody but the collector may drop an hour', async () => {
  const asReader = store.reader`select kb.drop_book_partition(${START}::int8, 0::int8, 0::int8)`
  expect(await refusal(asReader)).toBe('42501')
})
