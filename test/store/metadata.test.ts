import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Hold } from '../../collector/store/lease.ts'
import {
  marketIds,
  upsertEvents,
  upsertMarkets,
  upsertSeries,
} from '../../collector/store/metadata.ts'
import { findDetails } from '../../worker/store/market-details.ts'
import { findMarket, listMarkets, type MarketSpan } from '../../worker/store/markets.ts'
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
  const row = marketRow(name(1), {
    settlement_us: at(5),
    subtitle: 'Today',
    created_us: at(-5),
    occurrence_us: at(7),
    fee_waiver_expiration_us: at(8),
    settlement_timer_seconds: 120,
    notional_value: '1.0000',
    early_close_condition: 'It has rained.',
    custom_strike: { rain: 'any' },
    expiration_value: '12',
    is_provisional: false,
    exchange_index: 0,
    primary_participant_key: 'someone',
  })
  expect(await upsertMarkets(store.collector, hold, [row], NOW)).toEqual({ refused: [] })
  expect(await findMarket(store.reader, name(1))).toEqual({
    id: 1,
    ticker: name(1),
    event: 'KXRAIN-26NOV22',
    series: 'KXRAIN',
    status: 'active',
  })
  expect(await findDetails(store.reader, name(1))).toEqual({
    id: 1,
    ticker: name(1),
    event: 'KXRAIN-26NOV22',
    series: 'KXRAIN',
    status: 'active',
    title: 'Will it rain?',
    subtitle: 'Today',
    yesSubTitle: 'Rain',
    noSubTitle: null,
    marketType: 'binary',
    created: at(-5),
    open: NOW,
    close: at(3_600_000_000),
    expectedExpiration: null,
    latestExpiration: null,
    occurrence: at(7),
    feeWaiverExpiration: at(8),
    settlementTimerSeconds: 120,
    notionalValue: '1.0000',
    rulesPrimary: 'It "rains", \\ or not.',
    rulesSecondary: null,
    earlyCloseCondition: 'It has rained.',
    strikeType: 'greater',
    floorStrike: '4615.99',
    capStrike: null,
    functionalStrike: null,
    customStrike: { rain: 'any' },
    priceLevelStructure: 'linear_cent',
    priceRanges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
    result: '',
    expirationValue: '12',
    settlementValue: null,
    settled: at(5),
    settlement: null,
    canCloseEarly: true,
    fees: { type: null, multiplier: null },
    isProvisional: false,
    exchangeIndex: 0,
    primaryParticipantKey: 'someone',
    mveCollection: null,
    mveSelectedLegs: null,
    firstSeen: NOW,
    updated: NOW,
    recordedFrom: null,
    recordedThrough: null,
  })
  const [stored] = await store.owner`select raw from kb.markets`
  expect(stored?.['raw']).toEqual({ ticker: name(1), volume_fp: '2985.50' })
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
  expect(await findDetails(store.reader, name(0))).toMatchObject({
    status: 'closed',
    firstSeen: NOW,
    updated: at(1),
  })
  expect(await findDetails(store.reader, name(1))).toMatchObject({ updated: NOW })
  await upsertMarkets(store.collector, hold, [marketRow('KXNEW')], at(9))
  expect((await marketIds(store.collector, ['KXNEW'])).get('KXNEW')).toBe(2501)
})

test('invariant 7: one row that Postgres refuses is named, and blocks no other', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => marketRow(name(i)))
  rows[17] = marketRow(name(17), { title: 'nul \0 byte' })
  const refused = [{ ticker: name(17), code: '22P05' }]
  expect(await upsertMarkets(store.collector, hold, rows, NOW)).toEqual({ refused })
  const { rows: listed } = await listMarkets(store.reader, { order: 'asc', limit: 100 })
  expect(listed.length).toBe(39)
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
  const list = async (filter: Partial<MarketSpan>) => {
    const span = { order: 'asc', limit: 100, ...filter } as const
    return (await listMarkets(store.reader, span)).rows.map(({ ticker }) => ticker)
  }
  expect(await list({})).toEqual(inOrder)
  expect(await list({ limit: 2, after: 'KX.1' })).toEqual(['KX1', 'KXB'])
  expect(await list({ after: 'KXa' })).toEqual([])
  expect(await list({ order: 'desc' })).toEqual(inOrder.toReversed())
  expect(await list({ order: 'desc', after: 'KX1', limit: 1 })).toEqual(['KX.1'])
  expect(await list({ status: 'active' })).toEqual(['KX-1', 'KX_1', 'KXa'])
  expect(await list({ series: 'KXTWO', status: 'closed' })).toEqual(['KX.1', 'KX1'])
  expect(await list({ event: 'KXTWO-5' })).toEqual(['KX1'])
})
