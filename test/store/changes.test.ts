import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { MarketChange } from '#core/market-change'
import type { Ticker } from '#core/ticker'
import { type ChangeRow, insertChanges } from '../../collector/store/changes.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { upsertEvents, upsertMarkets } from '../../collector/store/metadata.ts'
import { must } from '../core/arbitraries.ts'
import { addMarket, at, marketRow, NOW, openStore, type Store, take } from './fixture.ts'

let store: Store
let hold: Hold
let id: number
const MARKET = 'KXRAIN-26NOV22-T1' as Ticker

beforeAll(async () => {
  store = await openStore()
})
beforeEach(async () => {
  await store.clear()
  await store.owner`truncate kb.lifecycle, kb.settlements`
  hold = await take(store.collector)
  id = await addMarket(store.collector, hold, MARKET)
})
afterAll(() => store.stop())

const change = (kind: MarketChange['kind'], over: Partial<MarketChange> = {}): MarketChange => ({
  market: MARKET,
  event: null,
  kind,
  at: null,
  recv: NOW,
  detail: {},
  source: 'stream',
  ...over,
})
const determined = (result: string, value: string, seconds: number, over = {}) =>
  change('determined', {
    recv: at(seconds),
    at: at(seconds - 1),
    detail: { result, settlement_value: value },
    ...over,
  })
const settled = (seconds: number) =>
  change('settled', { recv: at(seconds), at: at(seconds - 1), detail: { settled_ts: 1 } })

async function insert(...changes: MarketChange[]): Promise<void> {
  const rows: ChangeRow[] = changes.map((each) => ({
    marketId: each.market === null ? null : id,
    change: each,
  }))
  await store.collector.begin((tx) => insertChanges(tx, rows))
}

async function market(): Promise<Record<string, unknown>> {
  return must((await store.reader`select * from kb.markets where id = ${id}`)[0])
}
const history = async () => (await store.reader`select kind from kb.lifecycle`).length
const settlements = async () =>
  (
    await store.reader`
    select n, result, settlement_value, determined_us, settled_us from kb.settlements order by n`
  ).map((row) =>
    Object.values(row).map((each) =>
      typeof each === 'string' && /^\d{10,}$/.test(each) ? Number(each) : each,
    ),
  )

test('the same changes stored again and again are one row each, and an old one undoes no newer', async () => {
  const all = [
    change('deactivated', { recv: at(1) }),
    change('activated', { recv: at(2) }),
    change('close_date_updated', { recv: at(3), detail: { close_ts: 2_000_000_000 } }),
    determined('no', '0.0000', 4),
    determined('yes', '1.0000', 5),
    settled(6),
  ]
  await insert(...all)
  const after = await market()
  expect(after).toMatchObject({ status: 'finalized', result: 'yes', settlement_value: '1.0000' })
  expect(Number(after['close_us'])).toBe(2_000_000_000_000_000)
  const results = await settlements()
  expect(results).toEqual([
    [0, 'no', '0.0000', at(3), null],
    [1, 'yes', '1.0000', at(4), at(5)],
  ])
  for (const some of [all, all.slice(0, 4), all.slice(2), [must(all[0])]]) await insert(...some)
  expect(await history()).toBe(6)
  expect(await market()).toEqual(after)
  expect(await settlements()).toEqual(results)
})

test('two pauses are two rows, one word heard twice at its own time is one', async () => {
  await insert(change('deactivated', { recv: at(1) }), change('deactivated', { recv: at(2) }))
  await insert(settled(5), { ...settled(9), at: settled(5).at })
  expect(await history()).toBe(3)
})

test('a result that REST described is that of the change which tells it, whichever comes first', async () => {
  const paid = {
    status: 'finalized',
    result: 'yes',
    settlement_value: '1.0000',
    settlement_us: at(8),
  }
  const row = marketRow(MARKET, { ...paid, untold: true, raw: { other: 1 }, seen_us: at(9) })
  await upsertMarkets(store.collector, hold, [row], at(20))
  await insert(determined('yes', '1.00', 5), settled(8))
  expect(await settlements()).toEqual([[0, 'yes', '1.0000', at(4), at(8)]])
  await upsertMarkets(store.collector, hold, [row], at(21))
  expect(await settlements()).toHaveLength(1)
})

test('an amendment that is stored late is not lost to a description that is older than it', async () => {
  const first = { status: 'determined', result: 'yes', settlement_value: '1.0000' }
  const row = marketRow(MARKET, { ...first, untold: true, raw: { other: 1 }, seen_us: at(15) })
  await upsertMarkets(store.collector, hold, [row], at(30))
  await insert(determined('yes', '1.0000', 10), determined('no', '0.0000', 20))
  expect((await settlements()).map(([n, result]) => [n, result])).toEqual([
    [0, 'yes'],
    [1, 'no'],
  ])
  expect(await market()).toMatchObject({ result: 'no' })
})

test('a description that was asked for before a change does not take it back', async () => {
  await insert(settled(10))
  const old = marketRow(MARKET, {
    status: 'active',
    title: 'New title',
    raw: { x: 1 },
    seen_us: at(9),
  })
  await upsertMarkets(store.collector, hold, [old], at(30))
  expect(await market()).toMatchObject({ status: 'finalized', title: 'New title' })
  const newer = { ...old, status: 'determined', seen_us: at(10) }
  await upsertMarkets(store.collector, hold, [newer], at(31))
  expect(await market()).toMatchObject({ status: 'determined' })
})

test('what is only traded differently is not written again', async () => {
  const row = marketRow(MARKET)
  const traded = { ...row, raw: { ticker: MARKET, volume_fp: '9.00', yes_bid_dollars: '0.1' } }
  await upsertMarkets(store.collector, hold, [traded], at(50))
  expect(Number((await market())['updated_us'])).toBe(NOW)
})

test('a fee of an event is kept and described; text that jsonb cannot hold stops nobody', async () => {
  const event = {
    ticker: 'KXRAIN-26NOV22',
    series_ticker: 'KXRAIN',
    title: 'Rain',
    sub_title: null,
    category: null,
    mutually_exclusive: null,
    collateral_return_type: null,
    raw: {},
  }
  await upsertEvents(store.collector, hold, [event], NOW)
  const fee = {
    market: null,
    event: event.ticker,
    detail: { fee_type_override: 'flat', fee_multiplier_override: 2, note: 'nul \0, half \ud800' },
  }
  await insert(change('fee', fee), change('fee', fee), change('metadata_updated'))
  const [stored] = await store.reader`
    select fee_type_override, fee_multiplier_override from kb.events`
  expect(stored).toEqual({ fee_type_override: 'flat', fee_multiplier_override: '2' })
  expect(await history()).toBe(2)
})

test('thousands of changes are stored at once', async () => {
  const many = Array.from({ length: 5000 }, (_, i) =>
    change('activated', { recv: at(i) as Micros }),
  )
  await insert(...many)
  expect(await history()).toBe(5000)
})
