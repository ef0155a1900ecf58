import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import type { BookRecord } from '#core/log'
import { seqOf } from '#core/log'
import type { Ticker } from '#core/ticker'
import { type StoredRecord, writeEntries } from '../../collector/store/entries.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { at, NOW, open, openStore, type Store, take } from './fixture.ts'

const MARKET = 'KXRAIN-26NOV22-A' as Ticker

let store: Store
let hold: Hold
let ids: MarketIds
let last: StoredRecord
beforeAll(async () => {
  store = await openStore()
  hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  ids = new MarketIds(store.collector)
  const stored = await writeEntries(store.collector, hold, ids, [snapshot(0), mark(2000)], NOW)
  if (stored === 'lease_lost' || stored[0] === undefined) throw new Error('nothing was stored')
  last = stored[0]
})
afterAll(() => store.stop())

function snapshot(n: number): Entry {
  const stamp = { seq: seqOf(hold.epoch, n), recv: at(1000 + n), event: null }
  const record: BookRecord = { kind: 'snapshot', ...stamp, reason: 'exchange', yes: [], no: [] }
  return { kind: 'record', market: MARKET, record }
}

function mark(us: number): Entry {
  return { kind: 'mark', mark: { epoch: hold.epoch, through: at(us), alive: [] } }
}

async function rows(): Promise<number> {
  return (await store.owner`select from kb.book_deltas where kind = 0`).length
}

test('a store that holds what was stored in it takes what follows', async () => {
  const durable = { through: at(2000), last }
  const stored = await writeEntries(store.collector, hold, ids, [snapshot(1)], NOW, durable)
  expect(stored).toHaveLength(1)
  expect(await rows()).toBe(2)
})

test.each(['a record', 'a watermark'])(
  'an older store, which lacks %s that was stored, takes nothing more',
  async (what) => {
    const before = await rows()
    const lost = { ...last, record: { ...last.record, seq: seqOf(hold.epoch, 7) } }
    const durable =
      what === 'a record' ? { through: at(2000), last: lost } : { through: at(2001), last }
    const write = writeEntries(store.collector, hold, ids, [snapshot(2)], NOW, durable)
    await expect(write).rejects.toMatchObject({ code: 'store_restored' })
    expect(await rows()).toBe(before)
  },
)

test('a last record so old that its hour may be gone is no sign of another store', async () => {
  const lost = { ...last, record: { ...last.record, seq: seqOf(hold.epoch, 7) } }
  const later = at(3_600_000_000)
  const write = writeEntries(store.collector, hold, ids, [snapshot(2)], later, {
    through: at(2000),
    last: lost,
  })
  expect(await write).toHaveLength(1)
})
