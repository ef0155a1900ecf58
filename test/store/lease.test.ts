import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { type Epoch, type Seq, seqOf } from '#core/log'
import { connectStore } from '../../collector/store/connect.ts'
import {
  checkLease,
  type Hold,
  readLease,
  releaseLease,
  renewLease,
  takeLease,
  underLease,
} from '../../collector/store/lease.ts'
import { upsertMarkets } from '../../collector/store/metadata.ts'
import { openEpoch } from '../../collector/store/open-epoch.ts'
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
import { writeBatch } from './write-batch.ts'

let store: Store

beforeAll(async () => {
  store = await openStore()
})

beforeEach(() => store.clear())

afterAll(() => store.stop())

const claim = { slice: 0, holder: 'test', nowMs: NOW_MS }
const hours = Math.floor((NOW_MS - Date.UTC(2026, 0, 1)) / 3_600_000)

/** Many take what they found at the same time; answers the holds that they got. */
async function race(found: Awaited<ReturnType<typeof readLease>>): Promise<Hold[]> {
  const texts = ['a', 'b', 'c', 'd'].map((name) => `${name} after ${found?.lease}`)
  const takes = await Promise.all(
    texts.map((lease) => takeLease(store.collector, { ...claim, lease, found })),
  )
  return takes.filter((outcome) => outcome !== 'taken_by_another')
}

/** Waits until somebody waits for a lock. */
async function lockAwaited(): Promise<void> {
  for (let waiting = 0; waiting === 0; ) {
    const [row] = await store.owner`
      select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`
    waiting = row?.['n']
  }
}

test('the first lease draws the hours since 2026, every later one at least one more, and of many takers one gets it', async () => {
  const first = await race(null)
  expect(first.map(({ epoch }) => epoch)).toEqual([hours])
  const second = await race(await readLease(store.collector, 0))
  expect(second.map(({ epoch }) => epoch)).toEqual([hours + 1])
  expect(await leaseEpoch(store.reader)).toEqual({ epoch: hours + 1, lease: second[0]?.lease })
})

test('a lease that was renewed after it was found is not taken, but by its own holder', async () => {
  const hold = await take(store.collector)
  const found = await readLease(store.collector, 0)
  if (found === null) throw new Error('no lease')
  expect(await renewLease(store.collector, hold)).toBe('held')
  const late = { ...claim, lease: 'late' }
  expect(await takeLease(store.collector, { ...late, found })).toBe('taken_by_another')
  expect(await renewLease(store.collector, hold)).toBe('held')
  const own = { lease: hold.lease, renewedAt: null }
  expect(await takeLease(store.collector, { ...late, found: own })).toMatchObject({
    epoch: hold.epoch + 1,
  })
  expect(await renewLease(store.collector, hold)).toBe('lease_lost')
})

test('the row tells when it was renewed, by the clock of Postgres, and by whom', async () => {
  const hold = await take(store.collector)
  const before = await readLease(store.collector, 0)
  await renewLease(store.collector, hold)
  const after = await readLease(store.collector, 0)
  if (before === null || after === null) throw new Error('no lease')
  const { epoch, lease } = hold
  expect(after).toMatchObject({ epoch, lease, holder: 'test', released: false })
  expect(after.renewedAt).toBeGreaterThan(before.renewedAt)
  expect(after.dbNow).toBeGreaterThanOrEqual(after.renewedAt)
  expect(after.dbNow - after.renewedAt).toBeLessThan(5_000_000)
})

test('a lease that was given up can be neither renewed nor written under, and the next may have it', async () => {
  const hold = await take(store.collector)
  expect(await releaseLease(store.collector, hold)).toBe('released')
  expect(await readLease(store.collector, 0)).toMatchObject({ released: true })
  expect(await renewLease(store.collector, hold)).toBe('lease_lost')
  expect(await underLease(store.collector, hold, async () => 'written')).toBe('lease_lost')
  const next = await take(store.collector)
  expect(await readLease(store.collector, 0)).toMatchObject({ released: false, lease: next.lease })
  expect(await releaseLease(store.collector, hold)).toBe('lease_lost')
})

test('a renewal does not wait for a transaction that writes, nor the transaction for a renewal', async () => {
  const hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  const other = connectStore(store.collectorUrl, 1)
  await store.collector.begin(async (tx) => {
    expect(await checkLease(tx, hold)).toBe('held')
    expect(await renewLease(other, hold)).toBe('held')
    expect(await renewLease(other, hold)).toBe('held')
  })
  await other.begin(async (tx) => {
    await tx`update kb.lease set renewed_at = clock_timestamp()`
    const written = writeBatch(store.collector, {
      ...hold,
      records: [],
      watermarkUs: at(5),
      alive: [],
    })
    expect(await written).toBe('written')
  })
  await other.end()
})

test('a transaction whose statement saw the old lease finds it lost, though the take was over before it could lock', async () => {
  const old = await take(store.collector)
  const taker = connectStore(store.collectorUrl, 1)
  let checked: Promise<unknown> = Promise.resolve()
  await taker.begin(async (tx) => {
    await tx`select from kb.lease for update`
    // Renewed since the writer's statement began, and only then taken: the row it must lock is two versions further.
    checked = store.collector.begin((writer) => checkLease(writer, old))
    await lockAwaited()
    await tx`update kb.lease set renewed_at = clock_timestamp()`
    await tx`update kb.lease set epoch = epoch + 1, lease = 'next'`
  })
  expect(await checked).toBe('lease_lost')
  await taker.end()
})

test('a lost lease row does not bring an epoch back', async () => {
  const hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  await store.owner`delete from kb.lease`
  expect((await take(store.collector)).epoch).toBe(hold.epoch + 1)
})

test('an epoch that shards have seen is gone past, as after a backup was restored', async () => {
  const seen = (await take(store.collector)).epoch + 500
  const next = async (lease: string, above: number) => {
    const found = await readLease(store.collector, 0)
    return takeLease(store.collector, { ...claim, lease, found, above })
  }
  expect(await next('x', seen)).toMatchObject({ epoch: seen + 1 })
  expect(await next('y', seen - 9)).toMatchObject({ epoch: seen + 2 })
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
    await lockAwaited()
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
