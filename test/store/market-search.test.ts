import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { MARKET_STATUSES, tradingIsOver } from '#core/market-status'
import type { Hold } from '../../collector/store/lease.ts'
import { upsertEvents, upsertMarkets, upsertSeries } from '../../collector/store/metadata.ts'
import type { EventRow, MarketRow, SeriesRow } from '../../collector/store/metadata-rows.ts'
import { type MarketSearch, searchMarkets } from '../../worker/store/market-search.ts'
import { marketRow, NOW, openStore, type Store, take } from './fixture.ts'

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

const day = (text: string) => (Date.parse(text) * 1000) as Micros

function series(ticker: string, title: string, over: Partial<SeriesRow> = {}): SeriesRow {
  const about = {
    category: null,
    frequency: null,
    tags: null,
    fee_type: null,
    fee_multiplier: null,
  }
  return { ticker, title, ...about, raw: {}, ...over }
}

function event(ticker: string, title: string, over: Partial<EventRow> = {}): EventRow {
  const series_ticker = ticker.slice(0, ticker.indexOf('-'))
  const about = { sub_title: null, category: null, mutually_exclusive: null }
  return { ticker, series_ticker, title, ...about, collateral_return_type: null, raw: {}, ...over }
}

function market(ticker: string, title: string, over: Partial<MarketRow> = {}): MarketRow {
  return marketRow(ticker, {
    event_ticker: ticker.slice(0, ticker.lastIndexOf('-')),
    series_ticker: ticker.slice(0, ticker.indexOf('-')),
    title,
    yes_sub_title: null,
    close_us: null,
    ...over,
  })
}

const put = {
  series: (...rows: SeriesRow[]) => upsertSeries(store.collector, hold, rows, NOW),
  events: (...rows: EventRow[]) => upsertEvents(store.collector, hold, rows, NOW),
  markets: (...rows: MarketRow[]) => upsertMarkets(store.collector, hold, rows, NOW),
}

async function found(typed: string, rest: Partial<MarketSearch> = {}): Promise<string[]> {
  const { rows } = await searchMarkets(store.reader, { typed, limit: 100, ...rest })
  return rows.map(({ ticker }) => ticker)
}

/** The rows of the documents as they lie on the disk: a row that was written again has moved. */
async function places(): Promise<unknown[]> {
  const rows =
    await store.owner`select market_id, ctid::text, xmin::text from kb.market_search order by 1`
  return [...rows]
}

/** Waits until so many statements wait for a lock. */
async function waiters(wanted: number): Promise<void> {
  for (let waiting = 0; waiting < wanted; ) {
    const [row] = await store.owner`
      select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock'`
    waiting = Number(row?.['waiting'])
  }
}

async function storeFed(): Promise<void> {
  await put.series(
    series('KXFEDDECISION', 'Fed meeting', { category: 'Economics', tags: ['Fed'] }),
    series('KXFED', 'Fed funds rate', { category: 'Economics' }),
    series('KXATP', 'Tennis match', { category: 'Sports' }),
  )
  await put.events(
    event('KXFEDDECISION-26DEC', 'Fed decision in December?', { sub_title: 'On Dec 9, 2026' }),
    event('KXFEDDECISION-26OCT', 'Fed decision in October?', { sub_title: 'On Oct 28, 2026' }),
    event('KXFED-26DEC', 'Fed funds rate', { sub_title: 'After the meeting' }),
    event('KXATP-26DEC01FEDNAD', 'Federer vs Nadal'),
  )
  await put.markets(
    market('KXFEDDECISION-26DEC-C25', 'Will the Federal Reserve cut?', {
      yes_sub_title: 'Cut 25bps',
    }),
    market('KXFEDDECISION-26OCT-C25', 'Will the Federal Reserve cut?', {
      yes_sub_title: 'Cut 25bps',
    }),
    market('KXFED-26DEC-T3.75', 'Will the upper bound of the federal funds rate be above 3.75%?', {
      close_us: day('2026-12-09T18:55:00Z'),
    }),
    market('KXATP-26DEC01FEDNAD-FED', 'Will Federer win at this rate?', {
      close_us: day('2026-12-01T18:00:00Z'),
    }),
  )
}

test('words are found wherever a market, its event, its series or its dates tell them, the best first', async () => {
  await storeFed()
  const december = ['KXFED-26DEC-T3.75', 'KXFEDDECISION-26DEC-C25']
  expect((await found('fed rate december')).slice(0, 2).sort()).toEqual(december)
  expect(await found('fed rate december')).not.toContain('KXFEDDECISION-26OCT-C25')
  expect(await found('Federal funds rate Dec 2026')).toEqual(['KXFED-26DEC-T3.75'])
  expect(await found('fed october')).toEqual(['KXFEDDECISION-26OCT-C25'])
  expect(await found('FOMC cut 25 bps')).toEqual(
    expect.arrayContaining(['KXFEDDECISION-26DEC-C25', 'KXFEDDECISION-26OCT-C25']),
  )
  expect((await found('economics')).length).toBe(3)
  expect(await found('nadal')).toEqual(['KXATP-26DEC01FEDNAD-FED'])
})

test('a ticker is found by the whole of it and by its parts, with or without KX', async () => {
  await storeFed()
  expect((await found('KXFEDDECISION-26DEC-C25'))[0]).toBe('KXFEDDECISION-26DEC-C25')
  expect((await found('kxfed-26dec-t3.75'))[0]).toBe('KXFED-26DEC-T3.75')
  expect(await found('feddecision 26OCT')).toEqual(['KXFEDDECISION-26OCT-C25'])
})

test('the last word may be the beginning of one, the others may not', async () => {
  await storeFed()
  expect(await found('fede')).toContain('KXATP-26DEC01FEDNAD-FED')
  expect(await found('fed decisio')).toContain('KXFEDDECISION-26DEC-C25')
  expect(await found('nad federer')).toContain('KXATP-26DEC01FEDNAD-FED')
  expect(await found('zebra decisi')).toContain('KXFEDDECISION-26DEC-C25')
  expect(await found('decisi zebra')).toEqual([])
})

test('numbers, abbreviations, accents and signs are found as a person types them', async () => {
  await put.markets(
    market('KXA-1', 'Bitcoin above $95,000.50?'),
    market('KXA-2', 'Will the U.S. GDP grow?'),
    market('KXA-3', 'Will Montréal’s mayor win?'),
    market('KXA-4', 'Will the S&P 500 close above 6,800?'),
    market('KXA-5', 'Who wins the 1st round?', { yes_sub_title: "O'Brien" }),
  )
  expect(await found('btc 95000.50')).toEqual(['KXA-1'])
  expect(await found('$95,000.50')).toEqual(['KXA-1'])
  expect(await found('us gdp')).toEqual(['KXA-2'])
  expect(await found('montreal mayor')).toEqual(['KXA-3'])
  expect(await found('s&p500 6800')).toEqual(['KXA-4'])
  expect(await found('obrien')).toEqual(['KXA-5'])
  expect(await found("o'brien's")).toEqual(['KXA-5'])
})

test('what holds all words comes alone; only where nothing does, what lacks one of them', async () => {
  await storeFed()
  expect(await found('fed december zebra')).toContain('KXFEDDECISION-26DEC-C25')
  expect(await found('fed zebra giraffe')).toEqual([])
  expect(await found('zebra')).toEqual([])
})

test('texts of signs and of words that say nothing find nothing, and no text is an error', async () => {
  await storeFed()
  for (const typed of [
    'the',
    '???',
    ' ',
    "':*",
    '& | ! <-> ()',
    "a\\'b",
    '1.',
    '%_',
    '\u0301',
    '日本',
    // Four letters each.
    '㍿'.repeat(200),
  ]) {
    expect(await found(typed)).toEqual([])
  }
})

test('markets that still trade come before those that are over, and follow when they turn', async () => {
  const titles = ['Rain, rain and rain', 'Rain in town', 'Rain']
  const rows = titles.map((title, i) =>
    market(`KXW-${i}`, title, { status: i === 0 ? 'finalized' : 'active' }),
  )
  await put.markets(...rows)
  expect((await found('rain')).at(-1)).toBe('KXW-0')
  await put.markets(market('KXW-2', 'Rain', { status: 'closed' }))
  expect((await found('rain'))[0]).toBe('KXW-1')
  await put.markets(market('KXW-2', 'Rain', { status: 'active' }))
  expect((await found('rain')).at(-1)).toBe('KXW-0')
})

test('of markets that suit as well the open one that closes first comes first, and the over one that closed last', async () => {
  const years = ['2027', '2026', '2028']
  const open = years.map((year) =>
    market(`KXO-${year}`, 'Will it rain?', { close_us: day(`${year}-12-09T19:00:00Z`) }),
  )
  const over = years.map((year) =>
    market(`KXZ-${year}`, 'Will it rain?', {
      close_us: day(`${year}-12-09T19:00:00Z`),
      status: 'finalized',
    }),
  )
  await put.markets(...open, ...over, market('KXA-1', 'Will it rain?'))
  const inOrder = ['KXO-2026', 'KXO-2027', 'KXO-2028', 'KXA-1', 'KXZ-2028', 'KXZ-2027', 'KXZ-2026']
  expect(await found('rain')).toEqual(inOrder)
})

test('what is over is the same in the store and in core', async () => {
  for (const status of [...MARKET_STATUSES, 'unheard_of']) {
    const [row] = await store.owner`select kb.is_over(${status}) as over`
    expect([status, row?.['over']]).toEqual([status, tradingIsOver(status)])
  }
})

test('a search is narrowed by status, event and series', async () => {
  await storeFed()
  await put.markets(market('KXFED-26DEC-T1', 'Federal funds rate above 1%?', { status: 'closed' }))
  expect(await found('fed', { series: 'KXFED' })).toEqual(['KXFED-26DEC-T3.75', 'KXFED-26DEC-T1'])
  expect(await found('fed', { series: 'KXFED', status: 'active' })).toEqual(['KXFED-26DEC-T3.75'])
  expect(await found('fed', { status: 'closed' })).toEqual(['KXFED-26DEC-T1'])
  expect(await found('fed', { event: 'KXFEDDECISION-26OCT' })).toEqual(['KXFEDDECISION-26OCT-C25'])
  expect(await found('fed', { event: "KX' or true --" })).toEqual([])
})

test('pages of a search go on where the last one ended, each market once', async () => {
  await put.markets(
    ...Array.from({ length: 25 }, (_, i) =>
      market(`KXP-${i}`, i % 3 === 0 ? 'Rain' : 'Rain in the afternoon', {
        status: i % 4 === 0 ? 'finalized' : 'active',
      }),
    ),
  )
  for (const typed of ['rain', 'rain zebra']) {
    const all = await found(typed)
    expect(new Set(all).size).toBe(25)
    const seen: string[] = []
    let after: MarketSearch['after']
    for (;;) {
      const { rows } = await searchMarkets(store.reader, { typed, after, limit: 4 })
      seen.push(...rows.map(({ ticker }) => ticker))
      const last = rows.at(-1)
      if (last === undefined) break
      after = { rank: last.rank, ticker: last.ticker }
    }
    expect(seen).toEqual(all)
  }
})

test('events and series may come after their markets, and what they say anew is found', async () => {
  await put.markets(market('KXQ-26-A', 'Will it be so?'))
  expect(await found('volcano')).toEqual([])
  await put.events(event('KXQ-26', 'Volcano in May?'))
  expect(await found('volcano')).toEqual(['KXQ-26-A'])
  await put.series(series('KXQ', 'Eruptions', { tags: ['Geology'] }))
  expect(await found('geology volcano eruption')).toEqual(['KXQ-26-A'])
  await put.events(event('KXQ-26', 'Earthquake in May?'))
  expect(await found('volcano')).toEqual([])
  expect(await found('earthquake')).toEqual(['KXQ-26-A'])
  await put.series(series('KXQ', 'Tremors', { tags: ['Geology'] }))
  expect(await found('eruption')).toEqual([])
  expect(await found('tremor')).toEqual(['KXQ-26-A'])
  await put.markets(market('KXQ-26-A', 'Will Naples shake?'))
  expect(await found('naples tremor earthquake')).toEqual(['KXQ-26-A'])
})

test('a market without a series of its own follows that of its event', async () => {
  await put.markets(market('KXQ-26-A', 'Will it be so?', { series_ticker: null }))
  await put.events(event('KXQ-26', 'Event'))
  await put.series(series('KXQ', 'Eruptions'))
  expect(await found('eruption')).toEqual(['KXQ-26-A'])
  await put.series(series('KXQ', 'Tremors'))
  expect(await found('tremor')).toEqual(['KXQ-26-A'])
})

test('a text that no document could hold keeps no market from being stored', async () => {
  const endless = Array.from({ length: 200_000 }, (_, i) => `rain${i}x`).join(' ')
  const stored = await put.markets(market('KXW-1', endless), market('KXW-2', 'Rain'))
  expect(stored).toEqual({ refused: [] })
  expect(await found('rain')).toEqual(['KXW-1', 'KXW-2'])
})

test('a search follows a market that closed while its event was described anew', async () => {
  await put.markets(market('KXQ-26-A', 'Will it be so?'), market('KXQ-26-B', 'Will it be so?'))
  await put.events(event('KXQ-26', 'Volcano in May?'))
  const [closed, ready] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const closing = store.owner.begin(async (tx) => {
    await tx`update kb.markets set status = 'closed' where ticker = 'KXQ-26-A'`
    closed.resolve()
    await ready.promise
  })
  await closed.promise
  const described = put.events(event('KXQ-26', 'Earthquake in May?'))
  await waiters(1)
  ready.resolve()
  await Promise.all([closing, described])
  expect(await found('earthquake', { status: 'closed' })).toEqual(['KXQ-26-A'])
  expect(await found('earthquake')).toEqual(['KXQ-26-B', 'KXQ-26-A'])
})

test('a market that turns and one that is described anew are no deadlock with their event', async () => {
  await put.markets(...['A', 'B', 'C'].map((name) => market(`KXQ-26-${name}`, 'Will it be so?')))
  await put.events(event('KXQ-26', 'Volcano in May?'))
  const [held, ready] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = store.owner.begin(async (tx) => {
    await tx`select from kb.market_search where ticker = 'KXQ-26-B' for update`
    held.resolve()
    await ready.promise
  })
  await held.promise
  const described = put.events(event('KXQ-26', 'Earthquake in May?'))
  await waiters(1)
  const turned = store.owner`
    update kb.markets set title = case ticker when 'KXQ-26-C' then 'Or so?' else title end,
      status = case ticker when 'KXQ-26-B' then 'closed' else status end
    where ticker in ('KXQ-26-B', 'KXQ-26-C')`.execute()
  await waiters(2)
  ready.resolve()
  await Promise.all([holding, described, turned])
  expect(await found('earthquake')).toEqual(['KXQ-26-A', 'KXQ-26-C', 'KXQ-26-B'])
})

test('an upsert that changes nothing of the text writes no document', async () => {
  await storeFed()
  const before = await places()
  await storeFed()
  await put.markets(
    market('KXFEDDECISION-26DEC-C25', 'Will the Federal Reserve cut?', {
      yes_sub_title: 'Cut 25bps',
      rules_primary: 'Other rules',
      raw: { other: true },
    }),
  )
  await put.events(
    event('KXFED-26DEC', 'Fed funds rate', {
      sub_title: 'After the meeting',
      fee_type_override: 'flat',
      raw: { other: true },
    }),
  )
  await put.series(
    series('KXFED', 'Fed funds rate', {
      category: 'Economics',
      fee_multiplier: '2',
      raw: { a: 1 },
    }),
  )
  expect(await places()).toEqual(before)
  await put.markets(
    market('KXFEDDECISION-26OCT-C25', 'Will the Federal Reserve hike?', {
      yes_sub_title: 'Cut 25bps',
    }),
  )
  const after = await places()
  expect(
    after.filter((place, i) => JSON.stringify(place) !== JSON.stringify(before[i])).length,
  ).toBe(1)
})

test('among 30,000 markets of which half hold a word, a search is quick and has an index to read', async () => {
  await store.owner`
    insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw, first_seen_us, updated_us)
    select 'KXBTC-26DEC' || i || '-T' || i, 'KXBTC-26DEC' || i, 'KXBTC', 'Bitcoin price above ' || i, 'binary',
      case when i % 2 = 0 then 'active' else 'finalized' end, '{}', 1, 1
    from generate_series(1, 30000) i`
  await storeFed()
  const started = performance.now()
  expect((await found('bitcoin')).length).toBe(100)
  expect((await found('fed rate december')).slice(0, 2).sort()).toEqual([
    'KXFED-26DEC-T3.75',
    'KXFEDDECISION-26DEC-C25',
  ])
  expect(await found('bitcoin 26DEC17777')).toContain('KXBTC-26DEC17777-T17777')
  expect(performance.now() - started).toBeLessThan(5000)
  for (const over of [false, true]) {
    const plan = await store.reader.begin(async (tx) => {
      await tx`set local enable_seqscan = off`
      return tx`
        explain select from kb.market_search where over = ${over} and document @@ 'bitcoin' limit 9`
    })
    expect(JSON.stringify(plan)).toContain(over ? 'market_search_over' : 'market_search_open')
  }
})
