import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { type Epoch, type Seq, seqOf } from '#core/log'
import { checkLease, takeLease } from '../../collector/store/lease.ts'
import { upsertMarkets } from '../../collector/store/metadata.ts'
import { openEpoch } from '../../collector/store/open-epoch.ts'
import { writeBatch } from '../../collector/store/records.ts'
import { leaseEpoch } from '../../worker/store/status.ts'
import {
  addMarket,
  at,
  marketRow,
  NOW,
  NOW_MS,
  open,
  openStore,
  type Store,
  take,
} from './fixture.ts'

let store: Store

beforeAll(async () => {
  store = await openStore()
})

beforeEach(() => store.clear())

afterAll(() => store.stop())

test('the first lease draws the hours since 2026, every later one at least one more', async () => {
  const sql = store.collector
  const claim = { slice: 0, lease: 'a', holder: 'test', nowMs: NOW_MS }
  const first = await takeLease(sql, claim)
  const hours = Math.floor((NOW_MS - Date.UTC(2026, 0, 1)) / 3_600_000)
  expect(first).toBe(hours)
  const again = await Promise.all([1, 2, 3].map(() => takeLease(sql, { ...claim, lease: 'b' })))
  expect([...again].sort()).toEqual([hours + 1, hours + 2, hours + 3])
  expect(await leaseEpoch(store.reader)).toEqual({ epoch: hours + 3, lease: 'b' })
})

test('a lost lease row does not bring an epoch back', async () => {
  const hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  await store.owner`delete from kb.lease`
  expect((await take(store.collector)).epoch).toBe(hold.epoch + 1)
})

test('an epoch that shards have seen is gone past, as after a backup was restored', async () => {
  const claim = { slice: 0, lease: 'x', holder: 'test', nowMs: NOW_MS }
  const seen = (await takeLease(store.collector, claim)) + 500
  expect(await takeLease(store.collector, { ...claim, above: seen })).toBe(seen + 1)
  expect(await takeLease(store.collector, { ...claim, above: seen - 9 })).toBe(seen + 2)
})

test('an older lease can write no row: no record, no market, no epoch, no watermark', async () => {
  const old = await take(store.collector)
  const marketId = await addMarket(store.collector, old, 'KXRAIN-26NOV22-A')
  await open(store.collector, old, NOW)
  const hold = await take(store.collector)
  await open(store.collector, hold, at(10))
  const record = {
    kind: 'end' as const,
    seq: seqOf(old.epoch, 0),
    recv: at(5),
    event: null,
    reason: 'settled' as const,
  }
  const given = { records: [{ marketId, record }], watermarkUs: at(20), alive: [] }
  expect(await writeBatch(store.collector, { ...old, ...given })).toBe('lease_lost')
  const liar = { ...hold, lease: old.lease }
  expect(await writeBatch(store.collector, { ...liar, ...given })).toBe('lease_lost')
  const rows = [marketRow('KXRAIN-26NOV22-B')]
  expect(await upsertMarkets(store.collector, old, rows, NOW)).toBe('lease_lost')
  expect(await openEpoch(store.collector, old, at(30))).toBe('lease_lost')
  const [counts] = await store.owner`
    select (select count(*) from kb.book_deltas)::int as records,
      (select count(*) from kb.markets)::int as markets,
      (select max(recorded_through_us) from kb.epochs) as through_us`
  expect(counts).toEqual({ records: 0, markets: 1, through_us: String(at(10)) })
})

test('a take waits for a transaction that writes, and what was checked before it is stored', async () => {
  const old = await take(store.collector)
  await open(store.collector, old, NOW)
  let taken: Epoch | null = null
  let taking: Promise<unknown> = Promise.resolve()
  await store.collector.begin(async (tx) => {
    expect(await checkLease(tx, old)).toBe('held')
    taking = take(store.collector).then((hold) => {
      taken = hold.epoch
    })
    let waiting = 0
    while (waiting === 0) {
      const [row] = await store.owner`
        select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`
      waiting = row?.['n']
    }
    expect(taken).toBeNull()
  })
  await taking
  expect(taken).toBe(old.epoch + 1)
})

test('a batch before its epoch was opened is refused, and stores nothing', async () => {
  const hold = await take(store.collector)
  const marketId = await addMarket(store.collector, hold, 'KXRAIN-26NOV22-A')
  const record = {
    kind: 'end' as const,
    seq: 7 as Seq,
    recv: 5 as Micros,
    event: null,
    reason: 'settled' as const,
  }
  const given = { ...hold, records: [{ marketId, record }], watermarkUs: at(1), alive: [] }
  await expect(writeBatch(store.collector, given)).rejects.toMatchObject({ code: 'epoch_not_open' })
  expect((await store.owner`select from kb.book_deltas`).length).toBe(0)
})
