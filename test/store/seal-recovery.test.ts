import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { printLadders } from '#core/ladder-text'
import { seqOf } from '#core/log'
import { type Hold, underLease } from '../../collector/store/lease.ts'
import { insertRecords } from '../../collector/store/log-rows.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { SealRecovery } from '../../collector/store/seal-recovery.ts'
import { spanRows } from '../../collector/store/unsealed-spans.ts'
import { addMarket, at, NOW, open, openStore, type Store, take } from './fixture.ts'
import { LogMaker } from './log-maker.ts'
import { busyLog, failing, hotSeqs, linked, RAIN, segmentsOf } from './stored-log.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR

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

/** The next epoch, which recovers what is there. */
async function nextEpoch(nowUs: Micros): Promise<Hold> {
  const next = await take(store.collector)
  await open(store.collector, next, nowUs)
  return next
}

async function recover(under: Hold) {
  const recovery = new SealRecovery({ sql: store.collector, hold: under })
  expect(recovery.recovered(marketId)).toBe(false)
  expect(await recovery.run()).toBe('recovered')
  expect(recovery.recovered(marketId)).toBe(true)
  return recovery.counts
}

const sealedRecords = async (id = marketId) =>
  (await segmentsOf(store.owner, id)).flatMap(({ records }) => records)

test('what epochs before left is sealed, each record once; what this one writes is not', async () => {
  const log = busyLog(marketId, hold, 1200)
  await log.store(store.collector, at(1_300_000))
  const second = await nextEpoch(at(2_000_000))
  const gap = seqOf(second.epoch, 0)
  expect(await recover(second)).toEqual({ segments: 3, records: 1201, failed: 0 })
  expect(await sealedRecords()).toEqual(log.records)
  expect((await hotSeqs(store.owner, marketId)).at(-1)).toBe(gap)
  expect(await recover(second)).toEqual({ segments: 0, records: 0, failed: 0 })

  const third = await nextEpoch(at(3_000_000))
  expect(await recover(third)).toEqual({ segments: 1, records: 1, failed: 0 })
  expect((await sealedRecords()).at(-1)?.seq).toBe(gap)
  expect(linked(await segmentsOf(store.owner, marketId))).toBe(true)
})

test('a hundred logs, some without anything left, are recovered in turns', async () => {
  const ids: number[] = []
  for (let n = 0; n < 70; n++) {
    const id = await addMarket(store.collector, hold, `KXRAIN-26NOV22-B${n}`)
    ids.push(id)
    if (n % 3 !== 0) await busyLog(id, hold, n * 10).store(store.collector, at(900_000))
  }
  const next = await nextEpoch(at(2_000_000))
  await recover(next)
  for (const [n, id] of ids.entries()) {
    const records = await sealedRecords(id)
    expect(records.length).toBe(n % 3 === 0 ? 0 : n * 10 + 1)
  }
})

test('a crash at any transaction does no harm: the next to come goes on', async () => {
  const log = busyLog(marketId, hold, 2000)
  await log.store(store.collector, at(2_100_000))
  const next = await nextEpoch(at(3_000_000))
  for (const [nth, late] of [
    [1, false],
    [2, true],
    [1, true],
  ] as const) {
    const sql = failing(store.collector, nth, 'CONNECTION_CLOSED', late)
    await expect(new SealRecovery({ sql, hold: next }).run()).rejects.toThrow('made to fail')
  }
  await recover(next)
  expect(await sealedRecords()).toEqual(log.records)
})

test('what a spool brought late is sealed in its place between two segments, and the days after it begin with it', async () => {
  const log = busyLog(marketId, hold, 100)
  await log.store(store.collector, at(200_000))
  const early = [...log.records]
  const afterDays = at(2 * DAY)
  const second = await nextEpoch(afterDays)
  await recover(second)
  const later = new LogMaker(marketId, second, 1)
  later.snapshot(at(2 * DAY + 1000), [[500_000, 5]], [], 'epoch')
  await later.store(store.collector, at(2 * DAY + 2000))
  const third = await nextEpoch(at(2 * DAY + 3000))
  await recover(third)
  const starts = async () =>
    (await segmentsOf(store.owner, marketId))
      .filter(({ records }) => records.length === 0)
      .map(({ opening }) => (opening.kind === 'new' ? null : opening.seq))
  expect(await starts()).toEqual([log.records.at(-1)?.seq, log.records.at(-1)?.seq])

  for (let n = 0; n < 700; n++) log.delta(at(300_000 + n * 1000), 'yes', 500_000, 100)
  const fourth = await take(store.collector)
  const late = log.records.map((record) => ({ marketId, record }))
  await underLease(store.collector, fourth, (tx) => insertRecords(tx, late))
  await open(store.collector, fourth, at(2 * DAY + 5000))
  await recover(fourth)
  const records = await sealedRecords()
  expect(records.slice(0, 801)).toEqual(log.records)
  expect(records.length).toBe(early.length + 700 + 3)
  const last = log.records.at(-1)?.seq
  expect((await starts()).filter((seq) => seq === last).length).toBe(2)
})

test('recovery that is cut off in what came late over midnight goes on where it was, each record once', async () => {
  const midnight = (NOW - (NOW % DAY) + DAY) as Micros
  const log = busyLog(marketId, hold, 3)
  await log.store(store.collector, at(9000))
  const first = log.records.length
  await recover(await nextEpoch((midnight + HOUR) as Micros))
  await recover(await nextEpoch((midnight + HOUR + 20) as Micros))
  for (const [n, start] of [at(HOUR), midnight + 1000].entries()) {
    for (let i = 0; i < 700; i++) log.delta((start + i * 1000) as Micros, 'yes', 500_000, 100 + n)
  }
  const fourth = await take(store.collector)
  const late = log.records.slice(first).map((record) => ({ marketId, record }))
  await underLease(store.collector, fourth, (tx) => insertRecords(tx, late))
  await open(store.collector, fourth, (midnight + HOUR + 40) as Micros)
  const sql = failing(store.collector, 3, 'CONNECTION_CLOSED')
  await expect(new SealRecovery({ sql, hold: fourth }).run()).rejects.toThrow('made to fail')
  // What is sealed of the day before goes meanwhile.
  const [sealed] =
    await store.owner`select max(last_seq) as seq from kb.book_segments where first_us < ${midnight}`
  await store.owner`delete from kb.book_deltas where recv_us < ${midnight} and seq <= ${String(sealed?.['seq'])}`
  expect(await recover(fourth)).toMatchObject({ failed: 0 })
  expect((await sealedRecords()).slice(0, log.records.length)).toEqual(log.records)
})

test('a log of large snapshots alone is recovered a few at a time', async () => {
  const log = new LogMaker(marketId, hold)
  const levels = Array.from(
    { length: 1000 },
    (_, i) => [900_000 - i * 100, 1234 + i] as [number, number],
  )
  for (let n = 0; n < 60; n++) log.snapshot(at(n * 1000), levels, levels, 'exchange')
  await log.store(store.collector, at(100_000))
  const next = await nextEpoch(at(1_000_000))
  const span = {
    marketId,
    epoch: hold.epoch,
    seq: log.records.at(-1)?.seq as never,
    recv: at(59_000),
  }
  const after = (seqOf(hold.epoch, 0) - 1) as never
  const rows = await spanRows(store.collector, [{ span, after }], 513, 100_000)
  const size = printLadders(log.records[0] as never).length
  expect(rows.get(marketId)?.length).toBe(Math.floor(100_000 / size) + 1)
  expect(await recover(next)).toMatchObject({ records: 60, failed: 0 })
  expect(await sealedRecords()).toEqual(log.records)
})

test('a row that says a number that no record has costs no other market', async () => {
  const other = await addMarket(store.collector, hold, 'KXRAIN-26NOV22-B')
  const logs = [marketId, other].map((id) => busyLog(id, hold, 40))
  for (const log of logs) await log.store(store.collector, at(200_000))
  const bad = logs[0]?.records[20]?.seq ?? 0
  await store.owner`
    update kb.book_deltas set change = 9007199254740000 where seq = ${bad} and market_id = ${marketId}`
  expect(await recover(await nextEpoch(at(1_000_000)))).toMatchObject({ failed: 1 })
  expect(await sealedRecords(other)).toEqual(logs[1]?.records)
})

test('what Postgres will not take is noted from its first record on, so that no hour of it goes', async () => {
  const log = busyLog(marketId, hold, 550)
  log.gap(at(600_000), at(599_000), 'cut')
  log.snapshot(at(3 * HOUR), [[500_000, 9]], [], 'gap')
  await log.store(store.collector, at(4 * HOUR))
  const next = await nextEpoch(at(5 * HOUR))
  await store.owner`alter table kb.sealed_logs add constraint none
    check (last_seq <> ${store.owner.unsafe(String(log.records[511]?.seq))})`
  try {
    await recover(next)
  } finally {
    await store.owner`alter table kb.sealed_logs drop constraint none`
  }
  const [failure] = await store.owner`select first_seq, last_seq, first_us from kb.seal_failures`
  expect([Number(failure?.['first_seq']), Number(failure?.['first_us'])]).toEqual([
    log.records[0]?.seq,
    NOW,
  ])
  expect(await sealedRecords()).toEqual(log.records.slice(551))
})

test('rows that do not make a book are left as they are, and the log goes on behind its next gap', async () => {
  const log = busyLog(marketId, hold, 40)
  log.gap(at(100_000), at(99_000), 'cut')
  log.snapshot(at(110_000), [[500_000, 9]], [], 'gap')
  await log.store(store.collector, at(200_000))
  const bad = log.records[20]?.seq ?? 0
  await store.owner`update kb.book_deltas set price = 10 where seq = ${bad} and kind = 1`
  const next = await nextEpoch(at(1_000_000))
  expect(await recover(next)).toMatchObject({ failed: 1 })
  const seqs = (await sealedRecords()).map(({ seq }) => seq - seqOf(hold.epoch, 0))
  const [before, after] = [seqs.filter((n) => n < 21), seqs.filter((n) => n >= 21)]
  expect(before).toEqual([])
  expect(after).toEqual([41, 42])
  const [failure] = await store.owner`
    select first_seq, last_seq, reason from kb.seal_failures`
  expect([Number(failure?.['first_seq']), Number(failure?.['last_seq'])]).toEqual([
    log.records[0]?.seq,
    log.records[40]?.seq,
  ])
  expect((await hotSeqs(store.owner, marketId)).length).toBe(log.records.length + 1)
  expect(await recover(await nextEpoch(at(2_000_000)))).toMatchObject({ failed: 0 })
})

test('whoever lost the lease seals nothing', async () => {
  await busyLog(marketId, hold, 40).store(store.collector, at(200_000))
  const next = await nextEpoch(at(1_000_000))
  await take(store.collector)
  const recovery = new SealRecovery({ sql: store.collector, hold: next })
  expect(await recovery.run()).toBe('lease_lost')
  expect(await sealedRecords()).toEqual([])
  expect(recovery.recovered(marketId)).toBe(false)
})
