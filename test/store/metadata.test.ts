import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Hold } from '../../collector/store/lease.ts'
import {
  marketIds,
  upsertEvents,
  upsertMarkets,
  upsertSeries,
} from '../../collector/store/metadata.ts'
import { findMarket, listMarkets } from '../../worker/store/markets.ts'
import { at, marketRow, NOW, openStore, type Store, take } from './fixture.ts'

let store: Store
let hold: Hold

beforeAll(async () => {
  store = await openStore()
})

beforeEach(async () => {
  await store.clear()
  hold = await take(store.collector)
})

afterAll(() => store.stop())

const name = (i: number) => `KXRAIN-26NOV22-T${String(i).padStart(4, '0')}.99`

test('a market reads back as it was given, dotted ticker, strikes and raw object included', async () => {
  const row = marketRow(name(1), { settlement_us: at(5) })
  expect(await upsertMarkets(store.collector, hold, [row], NOW)).toEqual({ refused: [] })
  const market = await findMarket(store.reader, name(1))
  expect(market).toEqual({
    id: 1,
    ticker: name(1),
    event: 'KXRAIN-26NOV22',
    series: 'KXRAIN',
    title: 'Will it rain?',
    yesSubTitle: 'Rain',
    noSubTitle: null,
    marketType: 'binary',
    status: 'active',
    open: NOW,
    close: at(3_600_000_000),
    expectedExpiration: null,
    latestExpiration: null,
    rulesPrimary: 'It "rains", \\ or not.',
    rulesSecondary: null,
    strikeType: 'greater',
    floorStrike: '4615.99',
    capStrike: null,
    priceLevelStructure: 'linear_cent',
    priceRanges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
    result: '',
    settlementValue: null,
    settlement: at(5),
    canCloseEarly: true,
    firstSeen: NOW,
    updated: NOW,
    raw: { ticker: name(1), volume_fp: '2985.50' },
  })
  expect(await findMarket(store.reader, 'KXNONE')).toBeNull()
})

test('markets stored again keep their ids and use up none; what changed is seen', async () => {
  const rows = Array.from({ length: 2500 }, (_, i) => marketRow(name(i)))
  await upsertMarkets(store.collector, hold, rows, NOW)
  const ids = await marketIds(store.collector, [name(0), name(2499), 'KXNONE'])
  expect(ids.size).toBe(2)
  const changed = marketRow(name(0), { status: 'closed', raw: { ticker: name(0), volume_fp: '1' } })
  for (let i = 0; i < 3; i++) {
    await upsertMarkets(store.collector, hold, [changed, ...rows.slice(1)], at(i + 1))
  }
  expect(await marketIds(store.collector, [name(0), name(2499)])).toEqual(ids)
  expect(await findMarket(store.reader, name(0))).toMatchObject({
    status: 'closed',
    firstSeen: NOW,
    updated: at(1),
  })
  expect(await findMarket(store.reader, name(1))).toMatchObject({ updated: NOW })
  await upsertMarkets(store.collector, hold, [marketRow('KXNEW')], at(9))
  expect((await marketIds(store.collector, ['KXNEW'])).get('KXNEW')).toBe(2501)
})

test('invariant 7: one row that Postgres refuses is named, and blocks no other', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => marketRow(name(i)))
  rows[17] = marketRow(name(17), { title: 'nul \0 byte' })
  const refused = [{ ticker: name(17), code: '22P05' }]
  expect(await upsertMarkets(store.collector, hold, rows, NOW)).toEqual({ refused })
  expect((await listMarkets(store.reader, { limit: 100 })).length).toBe(39)
})

test('series and events are stored, changed, and stored again', async () => {
  const series = {
    ticker: 'KXRAIN',
    title: 'Rain',
    category: 'Climate',
    frequency: 'daily',
    tags: ['weather'],
    fee_type: 'quadratic',
    fee_multiplier: '1',
    raw: { ticker: 'KXRAIN', tags: ['weather'] },
  }
  const event = {
    ticker: 'KXRAIN-26NOV22',
    series_ticker: 'KXRAIN',
    title: 'Rain today',
    sub_title: null,
    category: null,
    mutually_exclusive: false,
    collateral_return_type: '',
    raw: { event_ticker: 'KXRAIN-26NOV22' },
  }
  for (const title of ['Rain', 'Rain', 'More rain']) {
    const [s, e] = [
      { ...series, title, raw: { title } },
      { ...event, title, raw: { title } },
    ]
    expect(await upsertSeries(store.collector, hold, [s], NOW)).toEqual({ refused: [] })
    expect(await upsertEvents(store.collector, hold, [e, e], NOW)).toEqual({ refused: [] })
  }
  const [stored] = await store.owner`select title, tags, raw from kb.series`
  expect(stored).toEqual({ title: 'More rain', tags: ['weather'], raw: { title: 'More rain' } })
  expect((await store.owner`select from kb.events where title = 'More rain'`).length).toBe(1)
})

test('lists go by the bytes of the ticker, page by page, filtered', async () => {
  const tickers = ['KXa', 'KXB', 'KX-1', 'KX.1', 'KX_1', 'KX1']
  const rows = tickers.map((ticker, i) =>
    marketRow(ticker, {
      status: i % 2 === 0 ? 'active' : 'closed',
      series_ticker: i < 3 ? 'KXONE' : 'KXTWO',
      event_ticker: i === 5 ? 'KXTWO-5' : 'KXANY',
    }),
  )
  await upsertMarkets(store.collector, hold, rows, NOW)
  const inOrder = ['KX-1', 'KX.1', 'KX1', 'KXB', 'KX_1', 'KXa']
  const list = async (filter: object) =>
    (await listMarkets(store.reader, { limit: 100, ...filter })).map(({ ticker }) => ticker)
  expect(await list({})).toEqual(inOrder)
  expect(await list({ limit: 2, after: 'KX.1' })).toEqual(['KX1', 'KXB'])
  expect(await list({ after: 'KXa' })).toEqual([])
  expect(await list({ status: 'active' })).toEqual(['KX-1', 'KX_1', 'KXa'])
  expect(await list({ series: 'KXTWO', status: 'closed' })).toEqual(['KX.1', 'KX1'])
  expect(await list({ event: 'KXTWO-5' })).toEqual(['KX1'])
})
