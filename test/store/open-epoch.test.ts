import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { seqOf } from '#core/log'
import { openEpoch } from '../../collector/store/open-epoch.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { SealRecovery } from '../../collector/store/seal-recovery.ts'
import { addMarket, at, NOW, open, openStore, type Store, take } from './fixture.ts'
import { LogMaker } from './log-maker.ts'
import { writeBatch } from './write-batch.ts'

let store: Store

beforeAll(async () => {
  store = await openStore()
})

beforeEach(() => store.clear())

afterAll(() => store.stop())

async function gaps() {
  const rows = await store.owner`
    select market_id, seq, cause, from_us, to_us, noticed_us, prev_seq
    from kb.book_gaps order by market_id, seq`
  return rows.map((row) => [
    row['market_id'],
    Number(row['from_us']) - NOW,
    row['to_us'] === null ? null : Number(row['to_us']) - NOW,
    Number(row['noticed_us']) - NOW,
  ])
}

test('the first epoch finds no logs, and its watermark is its opening', async () => {
  const hold = await take(store.collector)
  expect(await open(store.collector, hold, NOW)).toMatchObject({ openedUs: NOW, logs: new Map() })
  const [epoch] = await store.owner`select opened_us, recorded_through_us from kb.epochs`
  expect(epoch).toEqual({ opened_us: String(NOW), recorded_through_us: String(NOW) })
})

test('after a crash every log left open gets a gap from the last proof of life, with the watermark', async () => {
  const old = await take(store.collector)
  // One after the other: their numbers are to be in this order.
  const ids: number[] = []
  for (const name of ['A', 'B', 'C', 'D']) {
    ids.push(await addMarket(store.collector, old, `KXRAIN-26NOV22-${name}`))
  }
  const [a, b, c, d] = ids
  await open(store.collector, old, NOW)
  const quiet = new LogMaker(a ?? 0, old)
  quiet.snapshot(at(100), [[1, 1]], [], 'first')
  const late = new LogMaker(b ?? 0, old)
  late.snapshot(at(200), [], [], 'first')
  late.delta(at(9500), 'yes', 5, 5)
  const ended = new LogMaker(c ?? 0, old)
  ended.snapshot(at(300), [], [], 'first')
  const closing = ended.end(at(400), 'settled')
  for (const log of [quiet, late, ended]) await log.store(store.collector, at(300))
  const alive = [{ connection: 0, us: at(8000) }]
  await writeBatch(store.collector, { ...old, records: [], watermarkUs: at(9000), alive })

  const hold = await take(store.collector)
  const { openedUs, logs } = await open(store.collector, hold, at(20_000))
  expect(openedUs).toBe(at(20_000))
  const opening = {
    kind: 'gap',
    seq: seqOf(hold.epoch, 0),
    recv: openedUs,
    event: null,
    cause: 'epoch',
  }
  expect(logs).toEqual(
    new Map([
      [
        a,
        {
          lastSeq: seqOf(old.epoch, 0),
          left: 'known',
          sealedUs: null,
          gap: { ...opening, from: at(8000), prevSeq: seqOf(old.epoch, 0) },
        },
      ],
      [
        b,
        {
          lastSeq: seqOf(old.epoch, 1),
          left: 'known',
          sealedUs: null,
          gap: { ...opening, from: at(9499), prevSeq: seqOf(old.epoch, 1) },
        },
      ],
      [c, { lastSeq: closing.seq, left: 'ended', sealedUs: null, gap: null }],
    ]),
  )
  expect(logs.has(d ?? 0)).toBe(false)
  expect(await gaps()).toEqual([
    [a, 8000, null, 20_000],
    [b, 9499, null, 20_000],
  ])
  const [epoch] = await store.owner`
    select recorded_through_us from kb.epochs where epoch = ${hold.epoch}`
  expect(epoch?.['recorded_through_us']).toBe(String(openedUs))
})

test('the watermark bounds the gap when the proof of life is later, and the opening when there is none', async () => {
  const first = await take(store.collector)
  const marketId = await addMarket(store.collector, first, 'KXRAIN-26NOV22-A')
  await open(store.collector, first, NOW)
  const log = new LogMaker(marketId, first)
  log.snapshot(at(100), [], [], 'first')
  await log.store(store.collector, at(5000))
  const alive = [{ connection: 0, us: at(7000) }]
  await writeBatch(store.collector, { ...first, records: [], watermarkUs: at(5000), alive })
  const second = await take(store.collector)
  await open(store.collector, second, at(10_000))
  await writeBatch(store.collector, { ...second, records: [], watermarkUs: at(15_000), alive: [] })
  await open(store.collector, await take(store.collector), at(20_000))
  expect(await gaps()).toEqual([
    [marketId, 5000, null, 10_000],
    [marketId, 10_000, null, 20_000],
  ])
})

test('the next snapshot closes the gaps of all epochs that had none', async () => {
  const old = await take(store.collector)
  const marketId = await addMarket(store.collector, old, 'KXRAIN-26NOV22-A')
  await open(store.collector, old, NOW)
  const log = new LogMaker(marketId, old)
  log.snapshot(at(100), [], [], 'first')
  await log.store(store.collector, at(200))
  await open(store.collector, await take(store.collector), at(1000))
  const hold = await take(store.collector)
  await open(store.collector, hold, at(2000))
  const next = new LogMaker(marketId, hold, 1)
  next.snapshot(at(3000), [], [], 'epoch')
  await next.store(store.collector, at(3000))
  expect((await gaps()).map(([, , to]) => to)).toEqual([3000, 3000])
})

test('a log whose hours were dropped is continued from its last segment, and one that has ended is left alone', async () => {
  await makePartitions(store.collector, NOW)
  const old = await take(store.collector)
  const names = ['A', 'B', 'C'].map((name) => `KXRAIN-26NOV22-${name}`)
  const [a = 0, b = 0, c = 0] = await Promise.all(
    names.map((name) => addMarket(store.collector, old, name)),
  )
  await open(store.collector, old, NOW)
  const [known, unknown, ended] = [a, b, c].map((id) => new LogMaker(id, old))
  for (const log of [known, unknown, ended]) log?.snapshot(at(100), [[1, 1]], [], 'first')
  unknown?.gap(at(200), at(150), 'cut')
  ended?.end(at(300), 'settled')
  for (const log of [known, unknown, ended]) await log?.store(store.collector, at(400))
  const second = await take(store.collector)
  await open(store.collector, second, at(1000))
  await new SealRecovery({ sql: store.collector, hold: second }).run()
  await store.owner`delete from kb.book_deltas`
  const third = await take(store.collector)
  const { logs } = await open(store.collector, third, at(2000))
  const found = [...logs].map(([id, { lastSeq, left, sealedUs }]) => [id, lastSeq, left, sealedUs])
  const last = (log?: LogMaker) => log?.records.at(-1)?.seq
  expect(found.length).toBe(2)
  expect(found).toContainEqual([a, last(known), 'known', at(100)])
  expect(found).toContainEqual([b, last(unknown), 'unknown', at(100)])
})

test('an epoch opened twice is opened once: the same answer, the same store', async () => {
  const old = await take(store.collector)
  const marketId = await addMarket(store.collector, old, 'KXRAIN-26NOV22-A')
  await open(store.collector, old, NOW)
  const log = new LogMaker(marketId, old)
  log.snapshot(at(100), [], [], 'first')
  await log.store(store.collector, at(200))
  const hold = await take(store.collector)
  const [one, two] = await Promise.all([
    openEpoch(store.collector, hold, at(1000)),
    openEpoch(store.collector, hold, at(1000)),
  ])
  expect(two).toEqual(one)
  expect(await openEpoch(store.collector, hold, at(5000))).toEqual(one)
  expect(await gaps()).toEqual([[marketId, 99, null, 1000]])
})

test('a clock that went back is raised above all that is stored', async () => {
  const old = await take(store.collector)
  const marketId = await addMarket(store.collector, old, 'KXRAIN-26NOV22-A')
  await open(store.collector, old, NOW)
  const log = new LogMaker(marketId, old)
  log.snapshot(at(90_000), [], [], 'first')
  await log.store(store.collector, at(80_000))
  const second = await take(store.collector)
  expect((await open(store.collector, second, at(-5000))).openedUs).toBe(at(90_001))
  await writeBatch(store.collector, { ...second, records: [], watermarkUs: at(95_000), alive: [] })
  const third = await take(store.collector)
  expect((await open(store.collector, third, 0 as Micros)).openedUs).toBe(at(95_001))
})
