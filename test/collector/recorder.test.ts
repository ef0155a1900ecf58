import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import { type BookRecord, type Epoch, type Seq, seqOf } from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import { Recorder, type RecorderOptions } from '../../collector/recorder.ts'
import type { Spool } from '../../collector/spool/spool.ts'
import { writeEntries } from '../../collector/store/entries.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { at, NOW, open as openEpoch, openStore, type Store, take } from '../store/fixture.ts'
import { until } from '../until.ts'
import { emptyFolder, openedSpool } from './spool-fixture.ts'

let store: Store
let hold: Hold
let markets = 0
beforeAll(async () => {
  store = await openStore()
  hold = await take(store.collector)
  await openEpoch(store.collector, hold, NOW)
})
afterAll(() => store.stop())

function newMarket(): Ticker {
  markets += 1
  return `KXREC-${markets}` as Ticker
}
const seq = (n: number): Seq => seqOf(hold.epoch, n)
const entry = (market: Ticker, record: BookRecord): Entry => ({ kind: 'record', market, record })

function snapshot(n: number): BookRecord {
  const recv = at(1000 + n)
  return { kind: 'snapshot', seq: seq(n), recv, event: null, reason: 'first', yes: [], no: [] }
}

function delta(n: number, size = 100): BookRecord {
  const price = (n * 1000) as Price
  const stamp = { seq: seq(n), recv: at(1000 + n), event: at(n) }
  return {
    kind: 'delta',
    ...stamp,
    side: 'no',
    price,
    change: 100 as SizeChange,
    size: size as Size,
  }
}

function mark(throughUs: number): Entry {
  const alive = [{ connection: 0, us: at(throughUs) }]
  return { kind: 'mark', mark: { epoch: hold.epoch, through: at(throughUs), alive } }
}

function logOf(market: Ticker, deltas: number): Entry[] {
  const records = Array.from({ length: deltas }, (_, i) => delta(i + 1))
  return [snapshot(0), ...records].map((record) => entry(market, record))
}

function recorderOf(
  spool: Spool,
  over: Partial<RecorderOptions> = {},
): { recorder: Recorder; stored: Seq[]; refused: [Ticker, Micros][] } {
  const [stored, refused]: [Seq[], [Ticker, Micros][]] = [[], []]
  const ids = new MarketIds(store.collector)
  const recorder = new Recorder({
    spool,
    write: (entries) => writeEntries(store.collector, hold, ids, entries, NOW),
    stored: async (records) => {
      stored.push(...records.map(({ record }) => record.seq))
    },
    refused: (entry) => {
      if (entry.kind === 'record') refused.push([entry.market, entry.record.recv])
    },
    clock: () => NOW,
    batch: 10,
    everyMs: 1,
    ...over,
  })
  return { recorder, stored, refused }
}

async function rowsOf(market: Ticker): Promise<{ n: number; kind: number }[]> {
  const rows = await store.owner`
    select d.seq::text, d.kind from kb.book_deltas d join kb.markets m on m.id = d.market_id
    where m.ticker = ${market} order by d.seq`
  return rows.map((row) => ({ n: Number(row['seq']) - seq(0), kind: Number(row['kind']) }))
}

test('what is spooled is stored in order, and forgotten once it is durable', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const market = newMarket()
  const { recorder, stored } = recorderOf(spool)
  const running = recorder.run()
  spool.append([...logOf(market, 34), mark(2000)])
  await until('the watermark', () => recorder.durable === at(2000))
  expect((await rowsOf(market)).map(({ n }) => n)).toEqual([...Array(35).keys()])
  expect(stored).toEqual(Array.from({ length: 35 }, (_, n) => seq(n)))
  recorder.finish()
  expect(await running).toBe('drained')
  expect(spool.status()).toMatchObject({ bytes: 0, oldestUs: null })
  const [epoch] = await store.owner`
    select recorded_through_us::text as us from kb.epochs where epoch = ${hold.epoch}`
  expect(Number(epoch?.['us'])).toBe(at(2000))
})

test('a market that nobody described yet is stored all the same', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const market = newMarket()
  spool.append(logOf(market, 1))
  await spool.flush()
  const { recorder } = recorderOf(spool)
  recorder.finish()
  expect(await recorder.run()).toBe('drained')
  const [row] = await store.owner`select title, status from kb.markets where ticker = ${market}`
  expect(row).toEqual({ title: market, status: 'initialized' })
})

test('while Postgres refuses to talk nothing is lost, and it goes on when it is back', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const market = newMarket()
  await store.owner`alter role kb_collector nologin`
  onTestFinished(async () => {
    await store.owner`alter role kb_collector login`
  })
  await store.owner`
    select pg_terminate_backend(pid) from pg_stat_activity where usename = 'kb_collector'`
  const { recorder } = recorderOf(spool)
  const running = recorder.run()
  spool.append(logOf(market, 20))
  await spool.flush()
  recorder.finish()
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(await rowsOf(market)).toEqual([])
  await store.owner`alter role kb_collector login`
  expect(await running).toBe('drained')
  expect((await rowsOf(market)).map(({ n }) => n)).toEqual([...Array(21).keys()])
})

test('one that is stopped while Postgres is away leaves all to the next', async () => {
  const folder = await emptyFolder()
  const { spool } = await openedSpool(folder)
  const market = newMarket()
  spool.append(logOf(market, 5))
  await spool.flush()
  const failing = recorderOf(spool, {
    write: () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })),
  })
  const running = failing.recorder.run()
  failing.recorder.stop()
  expect(await running).toBe('stopped')
  await spool.close()
  const again = await openedSpool(folder)
  const { recorder } = recorderOf(again.spool)
  recorder.finish()
  expect(await recorder.run()).toBe('drained')
  expect((await rowsOf(market)).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5])
})

test('one that is stopped while it waits for company rests at once', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const { recorder } = recorderOf(spool, { everyMs: 60_000 })
  const running = recorder.run()
  spool.append([mark(1000)])
  await until('the watermark', () => recorder.durable === at(1000))
  recorder.stop()
  expect(await running).toBe('stopped')
})

test('invariant 7: one bad row never blocks another, and leaves a gap and its text', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const [market, other] = [newMarket(), newMarket()]
  const entries = logOf(market, 8)
  entries[4] = entry(market, delta(4, 777_700))
  // No record that the collector makes is refused today: by a table that changed under it one might be.
  await store.owner`
    alter table kb.book_deltas add constraint odd check (size <> 777700) not valid`
  onTestFinished(async () => {
    await store.owner`alter table kb.book_deltas drop constraint odd`
  })
  spool.append([...entries, entry(market, snapshot(9)), ...logOf(other, 20), mark(3000)])
  await spool.flush()
  const { recorder, refused } = recorderOf(spool, { batch: 1000 })
  recorder.finish()
  expect(await recorder.run()).toBe('drained')
  expect(await rowsOf(market)).toEqual([
    { n: 0, kind: 0 },
    ...[1, 2, 3].map((n) => ({ n, kind: 1 })),
    { n: 4, kind: 2 },
    { n: 9, kind: 0 },
  ])
  expect(await rowsOf(other)).toHaveLength(21)
  expect(refused).toEqual([[market, at(1004)]])
  const [gap] = await store.owner`
    select g.cause, g.from_us::text as from_us, g.to_us::text as to_us
    from kb.book_gaps g join kb.markets m on m.id = g.market_id where m.ticker = ${market}`
  expect(gap).toEqual({ cause: 'malformed', from_us: `${at(1003)}`, to_us: `${at(1009)}` })
  const asides =
    await store.owner`select kind, reason, text from kb.set_aside where market = ${market}`
  expect(asides).toHaveLength(1)
  expect(asides[0]).toMatchObject({ kind: 'unstorable', reason: '23514' })
  expect(JSON.parse(String(asides[0]?.['text']))).toEqual(entries[4])
  expect(recorder.durable).toBe(at(3000))
})

test('what follows a hole that the disk made is not stored', async () => {
  const folder = await emptyFolder()
  const first = await openedSpool(folder, { fileBytes: 1 })
  const market = newMarket()
  for (const each of logOf(market, 5)) {
    first.spool.append([each])
    await first.spool.flush()
  }
  await first.spool.close()
  const [, , third] = (await readdir(folder)).filter((name) => /\d/.test(name)).sort()
  const file = await open(join(folder, third ?? ''), 'r+')
  await file.write(Buffer.alloc(4, 0xff), 0, 4, 20)
  await file.close()
  const { spool } = await openedSpool(folder)
  const { recorder } = recorderOf(spool, { batch: 1 })
  recorder.finish()
  expect(await recorder.run()).toBe('unreadable')
  expect((await rowsOf(market)).map(({ n }) => n)).toEqual([0, 1])
})

test('it rests when the lease is lost, and its spool keeps what was not stored', async () => {
  const { spool } = await openedSpool(await emptyFolder())
  const market = newMarket()
  const liar = { ...hold, lease: 'another', epoch: hold.epoch as Epoch }
  const ids = new MarketIds(store.collector)
  spool.append(logOf(market, 5))
  await spool.flush()
  const { recorder } = recorderOf(spool, {
    write: (entries) => writeEntries(store.collector, liar, ids, entries, NOW),
  })
  expect(await recorder.run()).toBe('lease_lost')
  expect(await rowsOf(market)).toEqual([])
  expect(spool.status().bytes).toBeGreaterThan(0)
})
