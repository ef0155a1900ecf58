import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type BookRecord,
  type DeltaRecord,
  type EndRecord,
  type GapRecord,
  type SnapshotRecord,
  seqOf,
} from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Hold } from '../../collector/store/lease.ts'
import type { MarketRecord } from '../../collector/store/log-rows.ts'
import { ensurePartitions } from '../../collector/store/partitions.ts'
import { addMarket, at, NOW, open, openStore, type Store, take } from './fixture.ts'
import { type RecordBatch, writeBatch } from './write-batch.ts'

let store: Store
let sql: Sql
let hold: Hold
let marketId: number

beforeAll(async () => {
  store = await openStore()
  sql = store.collector
  hold = await take(sql)
  marketId = await addMarket(sql, hold, 'KXRAIN-26NOV22-A')
  await ensurePartitions(sql, NOW, 2)
  await open(sql, hold, NOW)
})

afterAll(() => store.stop())

const price = (value: number) => value as Price
const size = (value: number) => value as Size

function snapshot(n: number, us: number, over: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return {
    kind: 'snapshot',
    seq: seqOf(hold.epoch, n),
    recv: at(us),
    event: null,
    reason: 'first',
    yes: [
      [price(420_000), size(90_000)],
      [price(410_500), size(9)],
    ],
    no: [],
    ...over,
  }
}

function delta(n: number, us: number): DeltaRecord {
  return {
    kind: 'delta',
    seq: seqOf(hold.epoch, n),
    recv: at(us),
    event: at(us - 900),
    side: n % 2 === 0 ? 'yes' : 'no',
    price: price(1 + n),
    change: (n - 40) as SizeChange,
    size: size(n),
  }
}

function gap(n: number, us: number): GapRecord {
  const [seq, prevSeq] = [seqOf(hold.epoch, n), n === 0 ? null : seqOf(hold.epoch, n - 1)]
  return { kind: 'gap', seq, recv: at(us), event: null, cause: 'cut', from: at(us - 500), prevSeq }
}

function end(n: number, us: number): EndRecord {
  const seq = seqOf(hold.epoch, n)
  return { kind: 'end', seq, recv: at(us), event: at(us), reason: 'settled' }
}

function batch(records: BookRecord[], us: number, over: Partial<RecordBatch> = {}): RecordBatch {
  const ofMarket = (record: BookRecord): MarketRecord => ({ marketId, record })
  return { ...hold, records: records.map(ofMarket), watermarkUs: at(us), alive: [], ...over }
}

async function dump(id = marketId): Promise<unknown> {
  const tables = await Promise.all([
    store.owner`select * from kb.book_deltas where market_id = ${id} order by seq`,
    store.owner`select * from kb.book_gaps where market_id = ${id} order by seq`,
    store.owner`select * from kb.epochs order by epoch`,
    store.owner`select * from kb.proof_of_life order by epoch, connection`,
  ])
  return tables.map((rows) => [...rows])
}

test('one record of each kind is stored as it was, and the watermark with it', async () => {
  const records = [snapshot(0, 10), delta(1, 20), gap(2, 1000), snapshot(3, 2000), end(4, 3000)]
  expect(await writeBatch(sql, batch(records, 3000))).toBe('written')
  const stored =
    await store.owner`select * from kb.book_deltas where market_id = ${marketId} order by seq`
  expect(stored.length).toBe(5)
  expect(stored[0]).toMatchObject({ ladders: '420000:90000,410500:9|', reason: 'first' })
  const [epoch] =
    await store.owner`select recorded_through_us from kb.epochs where epoch = ${hold.epoch}`
  expect(epoch?.['recorded_through_us']).toBe(String(at(3000)))
})

test('invariant 5: a batch replayed, singly and at the same time, leaves the same store', async () => {
  const alive = [
    { connection: 1, us: at(6000) },
    { connection: 0, us: at(5000) },
  ]
  const records = [gap(10, 4000), snapshot(11, 5000), ...deltas(12, 2000, 5000)]
  const given = batch(records, 8000, { alive })
  await writeBatch(sql, given)
  const before = await dump()
  await writeBatch(sql, given)
  expect(await dump()).toEqual(before)
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => writeBatch(sql, given)))
  expect(outcomes).toEqual(Array(5).fill('written'))
  expect(await dump()).toEqual(before)
})

test('five writers of one new batch store each row once', async () => {
  const given = batch([gap(3000, 9000), ...deltas(3001, 500, 9100), snapshot(3501, 9900)], 9950)
  await Promise.all(Array.from({ length: 5 }, () => writeBatch(sql, given)))
  const [count] = await store.owner`
    select count(*)::int as n from kb.book_deltas
    where market_id = ${marketId} and seq >= ${seqOf(hold.epoch, 3000)}`
  expect(count?.['n']).toBe(502)
})

test('a snapshot closes the open gaps of its own market that came before it, for good', async () => {
  const other = await addMarket(sql, hold, 'KXRAIN-26NOV22-B')
  const mine = await addMarket(sql, hold, 'KXRAIN-26NOV22-C')
  const of = (id: number, records: BookRecord[], us: number) =>
    writeBatch(sql, batch([], us, { records: records.map((record) => ({ marketId: id, record })) }))
  await of(other, [snapshot(0, 10_000), gap(1, 10_100)], 10_200)
  await of(mine, [snapshot(0, 10_000), gap(1, 10_100), gap(2, 10_200)], 10_200)
  const replayed = [snapshot(3, 11_000), gap(4, 11_100), snapshot(5, 12_000), snapshot(6, 13_000)]
  await of(mine, replayed, 13_000)
  await of(mine, [gap(7, 14_000)], 14_000)
  await of(mine, replayed, 13_000)
  const rows = await store.owner`
    select market_id, seq, to_us from kb.book_gaps where market_id in (${other}, ${mine})
    order by market_id, seq`
  expect(rows.map((row) => row['to_us'])).toEqual([
    null,
    String(at(11_000)),
    String(at(11_000)),
    String(at(12_000)),
    null,
  ])
})

test('a batch without records moves the watermark, which never goes back', async () => {
  const through = async () =>
    Number((await store.owner`select max(recorded_through_us) as us from kb.epochs`)[0]?.['us'])
  await writeBatch(sql, batch([], 50_000))
  expect(await through()).toBe(at(50_000))
  await writeBatch(sql, batch([], 40_000))
  expect(await through()).toBe(at(50_000))
})

test('proof of life only ever grows', async () => {
  const alive = async () =>
    Number(
      (
        await store.owner`
      select alive_us from kb.proof_of_life where connection = 7`
      )[0]?.['alive_us'],
    )
  await writeBatch(sql, batch([], 50_000, { alive: [{ connection: 7, us: at(500) }] }))
  await writeBatch(sql, batch([], 50_000, { alive: [{ connection: 7, us: at(400) }] }))
  expect(await alive()).toBe(at(500))
})

test('a record that the table would refuse is named before anything is sent', async () => {
  const before = await dump()
  const bad = { ...gap(9000, 60_000), from: at(70_000) }
  const given = batch([delta(9001, 60_000), bad], 60_000)
  await expect(writeBatch(sql, given)).rejects.toMatchObject({ code: 'record_unstorable' })
  expect(await dump()).toEqual(before)
})

test('rows without a partition of their own fall into the default one', async () => {
  const far = at(5 * 86_400_000_000)
  const record = { ...delta(9100, 0), recv: far }
  await writeBatch(sql, batch([record], 60_000))
  const rows = await store.owner`
    select tableoid::regclass::text as part from kb.book_deltas where recv_us = ${far}`
  expect(rows.map((row) => row['part'])).toEqual(['kb.book_deltas_default'])
})

test('making the partition later moves them into it, and making it again does nothing', async () => {
  const far = at(5 * 86_400_000_000)
  expect(await ensurePartitions(sql, far, 2)).toBe(2)
  expect(await ensurePartitions(sql, far, 2)).toBe(0)
  const rows = await store.owner`
    select tableoid::regclass::text as part from kb.book_deltas where recv_us = ${far}`
  expect(rows.map((row) => row['part'])).toEqual(['kb.book_deltas_20261127t10'])
})

function deltas(n: number, count: number, us: number): DeltaRecord[] {
  return Array.from({ length: count }, (_, i) => delta(n + i, us + i))
}
