import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import { type BookRecord, type Epoch, type GapRecord, seqOf } from '#core/log'
import type { Ticker } from '#core/ticker'
import { writeEntries } from '../../collector/store/entries.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { ensurePartitions } from '../../collector/store/partitions.ts'
import { findDetails } from '../../worker/store/market-details.ts'
import { listMarkets } from '../../worker/store/markets.ts'
import { at, NOW, open, openStore, type Store, take } from './fixture.ts'

let store: Store
let hold: Hold
let ids: MarketIds

beforeAll(async () => {
  store = await openStore()
  hold = await take(store.collector)
  ids = new MarketIds(store.collector)
  await ensurePartitions(store.collector, NOW, 2)
  await open(store.collector, hold, NOW)
})

afterAll(() => store.stop())

const seq = (n: number) => seqOf(hold.epoch, n)

function snapshot(n: number, us: number, reason: 'first' | 'exchange' | 'gap'): BookRecord {
  return { kind: 'snapshot', seq: seq(n), recv: at(us), event: null, reason, yes: [], no: [] }
}

function gap(n: number, us: number, over: Partial<GapRecord> = {}): GapRecord {
  const about = { event: null, cause: 'malformed', from: at(us - 1), prevSeq: null } as const
  return { kind: 'gap', seq: seq(n), recv: at(us), ...about, ...over }
}

async function write(market: string, ...records: BookRecord[]): Promise<void> {
  const entries: Entry[] = records.map((record) => ({
    kind: 'record',
    market: market as Ticker,
    record,
  }))
  await writeEntries(store.collector, hold, ids, entries, NOW)
}

async function begins(market: string): Promise<number | null> {
  return (await findDetails(store.reader, market))?.recordedFrom ?? null
}

test('a log begins with its first snapshot, and later ones change nothing', async () => {
  await write('KXA', snapshot(0, 10, 'first'), snapshot(1, 20, 'exchange'))
  expect(await begins('KXA')).toBe(at(10))
  await write('KXA', snapshot(0, 10, 'first'), snapshot(2, 30, 'exchange'))
  expect(await begins('KXA')).toBe(at(10))
  expect((await findDetails(store.reader, 'KXA'))?.recordedThrough).toBe(NOW)
})

test('a log whose first record was lost begins with the gap in its place', async () => {
  await write('KXB', gap(0, 10), snapshot(1, 20, 'gap'))
  expect(await begins('KXB')).toBe(at(10))
  await write('KXC', gap(5, 10, { prevSeq: seq(4) }), snapshot(6, 20, 'gap'))
  expect(await begins('KXC')).toBeNull()
})

test('what a spool brings back from before is where the log begins', async () => {
  await write('KXD', snapshot(9, 500, 'first'))
  await write('KXD', { ...snapshot(0, 100, 'first'), seq: seqOf((hold.epoch - 1) as Epoch, 0) })
  expect(await begins('KXD')).toBe(at(100))
})

test('a list says of each market what is recorded of it, from the first day that is kept', async () => {
  const listed = async () => {
    const { rows, throughUs } = await listMarkets(store.reader, { order: 'asc', limit: 9 })
    expect(throughUs).toBe(NOW)
    return rows.map(({ ticker, recordedFrom: from, recordedThrough: through }) => ({
      ticker,
      from,
      through,
    }))
  }
  expect(await listed()).toEqual([
    { ticker: 'KXA', from: at(10), through: NOW },
    { ticker: 'KXB', from: at(10), through: NOW },
    { ticker: 'KXC', from: null, through: null },
    { ticker: 'KXD', from: at(100), through: NOW },
  ])
  await store.owner`insert into kb.retention values ('segments', ${at(50)})`
  const over = { first_us: at(20), first_seq: 1, last_seq: 1, last_us: at(20), state: 'ended' }
  await store.owner`insert into kb.sealed_logs ${store.owner({ market_id: ids.of('KXB' as Ticker), ...over })}`
  expect(await listed()).toEqual([
    { ticker: 'KXA', from: at(50), through: NOW },
    { ticker: 'KXB', from: null, through: null },
    { ticker: 'KXC', from: null, through: null },
    { ticker: 'KXD', from: at(100), through: NOW },
  ])
})
