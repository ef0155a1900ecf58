import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Selection, selectMarkets } from '../../worker/store/selected-markets.ts'
import { openStore, type Store } from './fixture.ts'

let store: Store

beforeAll(async () => {
  store = await openStore()
  await addMarket('KXRAIN-22-A', 'KXRAIN-22', 'KXRAIN', 'active')
  await addMarket('KXRAIN-22-B', 'KXRAIN-22', 'KXRAIN', 'finalized')
  await addMarket('KXRAIN-23-A', 'KXRAIN-23', 'KXRAIN', 'initialized')
  await addMarket('KXSNOW-22-A', 'KXSNOW-22', null, 'inactive')
  await addMarket('KXSNOW-22-B', 'KXSNOW-22', null, 'determined')
  await addMarket('ODD-A', 'ODD', null, 'a word of tomorrow')
  await store.owner`
    insert into kb.events (ticker, series_ticker, title, raw, updated_us)
    values ('KXSNOW-22', 'KXSNOW', 'Snow', '{}', 1), ('KXEMPTY-22', 'KXEMPTY', 'Nothing', '{}', 1)`
  await store.owner`
    insert into kb.series (ticker, title, raw, updated_us) values ('KXQUIET', 'Quiet', '{}', 1)`
})

afterAll(() => store.stop())

async function addMarket(ticker: string, event: string, series: string | null, status: string) {
  await store.owner`
    insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
      first_seen_us, updated_us)
    values (${ticker}, ${event}, ${series}, 'A question', 'binary', ${status}, '{}', 1, 1)`
}

function select(selection: Partial<Selection>, most = 100) {
  const none = { markets: [], events: [], series: [], all: false }
  return selectMarkets(store.reader, { ...none, ...selection }, most)
}

async function tickers(selection: Partial<Selection>): Promise<string[]> {
  return (await select(selection)).found.map(({ ticker }) => ticker)
}

test('markets that are named are found in any status, with their event and series', async () => {
  expect(await select({ markets: ['KXSNOW-22-B', 'KXRAIN-22-B', 'KXSNOW-22-B'] })).toEqual({
    found: [
      { ticker: 'KXRAIN-22-B', event: 'KXRAIN-22', series: 'KXRAIN', status: 'finalized' },
      { ticker: 'KXSNOW-22-B', event: 'KXSNOW-22', series: 'KXSNOW', status: 'determined' },
    ],
    unknown: [],
    tooMany: false,
  })
})

test('of events, series and all, those are found of which trading is not over', async () => {
  expect(await tickers({ events: ['KXRAIN-22', 'KXSNOW-22'] })).toEqual([
    'KXRAIN-22-A',
    'KXSNOW-22-A',
  ])
  expect(await tickers({ series: ['KXRAIN'] })).toEqual(['KXRAIN-22-A', 'KXRAIN-23-A'])
  expect(await tickers({ all: true })).toEqual([
    'KXRAIN-22-A',
    'KXRAIN-23-A',
    'KXSNOW-22-A',
    'ODD-A',
  ])
})

test('a series holds the markets of its events that were told without a series', async () => {
  expect((await select({ series: ['KXSNOW'] })).found).toEqual([
    { ticker: 'KXSNOW-22-A', event: 'KXSNOW-22', series: 'KXSNOW', status: 'inactive' },
  ])
})

test('a market that is selected in several ways is found once', async () => {
  const selection = {
    markets: ['KXRAIN-22-A', 'KXRAIN-22-B'],
    events: ['KXRAIN-22'],
    series: ['KXRAIN'],
  }
  expect(await tickers(selection)).toEqual(['KXRAIN-22-A', 'KXRAIN-22-B', 'KXRAIN-23-A'])
})

test('what is named and does not exist is told; what exists without open markets is not', async () => {
  const { found, unknown } = await select({
    markets: ['KXRAIN-22-A', 'NEVER-A', "O'Neill\\"],
    events: ['NEVER', 'KXEMPTY-22'],
    series: ['NOSERIES', 'KXEMPTY', 'KXQUIET'],
  })
  expect(found).toHaveLength(1)
  expect(unknown).toEqual(['NEVER', 'NEVER-A', 'NOSERIES', "O'Neill\\"])
})

test('more than are wanted are too many, and none is found then', async () => {
  const markets = ['KXSNOW-22-B']
  expect(await select({ series: ['KXRAIN'], markets }, 3)).toMatchObject({ tooMany: false })
  expect(await select({ series: ['KXRAIN'], markets }, 2)).toEqual({
    found: [],
    unknown: [],
    tooMany: true,
  })
})

test('ten thousand markets of a series with a long past are found at once', async () => {
  await store.owner`
    insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
      first_seen_us, updated_us)
    select 'KXBIG-' || i / 40 || '-' || i, 'KXBIG-' || i / 40, 'KXBIG', 'Q', 'binary',
      case when i < 20000 then 'finalized' else 'active' end, '{}', 1, 1
    from generate_series(0, 29999) i`
  // Held against what is read in any case, each at its quickest: a machine that is busy is slow at both.
  let [plain, selected] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    const rows = await store.reader`
      select ticker, event_ticker, series_ticker, status from kb.markets
      where series_ticker = 'KXBIG' and not kb.is_over(status) order by ticker`
    const read = performance.now()
    const { found } = await select({ series: ['KXBIG'] }, 20_000)
    const done = performance.now()
    expect([rows.length, found.length]).toEqual([10_000, 10_000])
    plain = Math.min(plain, read - start)
    selected = Math.min(selected, done - read)
  }
  expect(selected / plain).toBeLessThan(20)
})
