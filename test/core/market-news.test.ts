import { expect, test } from 'vitest'
import type { MarketLifecycle } from '#core/kalshi/frames'
import type { MarketState } from '#core/market-life'
import { gridOf, hearMarket, type SeenMarket, seeMarket, turnMarket } from '#core/market-news'
import { patchOf } from '#core/market-patch'
import type { Ticker } from '#core/ticker'
import { must, us } from './arbitraries.ts'

const SECOND = 1_000_000
const at = (seconds: number) => us(seconds * SECOND)
const NOW = at(150)
const LAG = 10 * SECOND

const known: MarketState = {
  ticker: 'M' as Ticker,
  event: 'E',
  series: 'S',
  status: 'active',
  open: at(100),
  close: at(200),
  result: null,
  value: null,
  grid: 'linear_cent ',
  volume: 5,
  told: null,
}
const word = (event_type: string, rest: Partial<MarketLifecycle> = {}): MarketLifecycle => ({
  market_ticker: 'M',
  event_type,
  ...rest,
})
const seen = (over: Partial<SeenMarket> = {}): SeenMarket => {
  const { told: _told, ...rest } = known
  return { ...rest, settled: null, said: {}, ...over }
}
const kinds = (changes: readonly { kind: string; source: string }[]) =>
  changes.map(({ kind, source }) => `${kind} ${source}`)

test.each([
  ['deactivated', {}, { status: 'inactive' }],
  ['activated', {}, { status: 'active' }],
  ['close_date_updated', { close_ts: 300 }, { close: at(300) }],
  [
    'determined',
    { result: 'scalar', settlement_value: '0.2500', determination_ts: 140 },
    { status: 'determined', result: 'scalar', value: '0.2500' },
  ],
  ['settled', { settled_ts: 149 }, { status: 'finalized' }],
  [
    'price_level_structure_updated',
    { price_level_structure: 'x', price_ranges: [{ start: '0', end: '1', step: '0.1' }] },
    { grid: 'x 0:1:0.1' },
  ],
  ['metadata_updated', { floor_strike: 3 }, {}],
] as const)('%s is kept as it was put, and changes the state', (kind, rest, after) => {
  const { state, changes } = hearMarket(known, word(kind, rest as Partial<MarketLifecycle>), NOW)
  expect(state).toMatchObject(after)
  expect(changes).toEqual([
    {
      market: 'M',
      event: null,
      kind,
      at: kind === 'determined' ? at(140) : kind === 'settled' ? at(149) : null,
      recv: NOW,
      source: 'stream',
      detail: rest,
    },
  ])
})

test('another result after the first is an amendment', () => {
  const first = hearMarket(
    known,
    word('determined', { result: 'no', settlement_value: '0.0000' }),
    NOW,
  )
  const again = hearMarket(
    first.state,
    word('determined', { result: 'no', settlement_value: '0.00' }),
    NOW,
  )
  expect(kinds(again.changes)).toEqual(['determined stream'])
  const other = hearMarket(
    first.state,
    word('determined', { result: 'yes', settlement_value: '1.0000' }),
    NOW,
  )
  expect(other.state).toMatchObject({ status: 'amended', result: 'yes', value: '1.0000' })
  expect(kinds(other.changes)).toEqual(['determined stream', 'status stream'])
})

test('a word that we do not know, and a second creation, change nothing', () => {
  expect(hearMarket(known, word('renamed'), NOW)).toEqual({ state: known, changes: [] })
  expect(hearMarket(known, word('created'), NOW)).toEqual({ state: known, changes: [] })
})

test('a settled market stays settled, whatever is said later', () => {
  const { state } = hearMarket(known, word('settled', { settled_ts: 149 }), NOW)
  expect(hearMarket(state, word('activated'), NOW).state.status).toBe('finalized')
  expect(seeMarket(state, seen(), at(500), LAG, at(500)).state.status).toBe('finalized')
})

test('REST tells nothing new of what the stream has told since, or just before', () => {
  const { state } = hearMarket(known, word('deactivated'), NOW)
  for (const asked of [149, 150, 159]) {
    const news = seeMarket(state, seen({ volume: 9 }), at(asked), LAG, at(160))
    expect(news.changes).toEqual([])
    expect(news.state).toMatchObject({ status: 'inactive', volume: 9 })
  }
  expect(kinds(seeMarket(state, seen(), at(161), LAG, at(161)).changes)).toEqual(['activated rest'])
})

test('what became different while we were away is told once each, in order', () => {
  const now = seen({
    status: 'finalized',
    close: at(140),
    result: 'yes',
    value: '1.0000',
    settled: at(149),
    grid: 'deci_cent ',
    said: {
      close_time: 't',
      result: 'yes',
      settlement_value_dollars: '1.0000',
      settlement_ts: 'u',
      price_level_structure: 'deci_cent',
    },
  })
  const { state, changes } = seeMarket(known, now, NOW, LAG, NOW)
  expect(changes.map(({ kind, at: when, detail }) => [kind, when, detail])).toEqual([
    ['close_date_updated', null, { close_time: 't' }],
    [
      'price_level_structure_updated',
      null,
      { price_level_structure: 'deci_cent', price_ranges: null },
    ],
    ['determined', null, { result: 'yes', settlement_value_dollars: '1.0000' }],
    ['settled', at(149), { settlement_ts: 'u', result: 'yes', settlement_value_dollars: '1.0000' }],
  ])
  expect(seeMarket(state, now, NOW, LAG, NOW).changes).toEqual([])
})

test.each([
  ['initialized', 'active', ['opened rest']],
  ['inactive', 'active', ['activated rest']],
  ['active', 'inactive', ['deactivated rest']],
  ['determined', 'disputed', ['status rest']],
  ['active', 'determined', ['status rest']],
])('REST shows %s become %s', (before, after, told) => {
  const news = seeMarket({ ...known, status: before }, seen({ status: after }), NOW, LAG, NOW)
  expect(news.state.status).toBe(after)
  expect(kinds(news.changes)).toEqual(told)
})

test('what REST has not noticed yet the clock knows', () => {
  const closed = seeMarket({ ...known, status: 'closed' }, seen(), at(300), LAG, at(300))
  expect(closed).toMatchObject({ state: { status: 'closed' }, changes: [] })
})

test('a closing time that differs by less than its second is no change', () => {
  const finer = seen({ close: us(200 * SECOND + 5) })
  expect(seeMarket(known, finer, NOW, LAG, NOW)).toMatchObject({
    state: { close: 200 * SECOND + 5 },
    changes: [],
  })
})

test('a market opens and closes by the clock, and nobody says so', () => {
  const early = { ...known, status: 'initialized' }
  expect(turnMarket(early, at(99))).toEqual({ state: early, changes: [] })
  const opened = turnMarket(early, at(100))
  expect(opened.changes).toMatchObject([{ kind: 'opened', at: at(100), source: 'clock' }])
  const closed = turnMarket(opened.state, at(201))
  expect(closed.changes).toMatchObject([{ kind: 'closed', at: at(200), recv: at(201) }])
  expect(turnMarket(closed.state, at(202)).changes).toEqual([])
  expect(kinds(turnMarket(early, at(300)).changes)).toEqual(['opened clock', 'closed clock'])
})

test('a grid is its bands, not its name alone', () => {
  const band = { start: '0.0000', end: '1.0000', step: '0.0100' }
  expect(gridOf('linear_cent', [band])).not.toBe(
    gridOf('linear_cent', [{ ...band, step: '0.0010' }]),
  )
  expect(gridOf(null, null)).toBeNull()
  expect(gridOf('', [])).toBeNull()
})

test('a change tells the store what is different, as the stream and as REST put it', () => {
  const heard = (kind: string, rest: Partial<MarketLifecycle> = {}) =>
    patchOf(must(hearMarket(known, word(kind, rest), NOW).changes[0]))
  expect(heard('deactivated')).toEqual({ status: 'inactive' })
  expect(heard('close_date_updated', { close_ts: 300 })).toEqual({ close: at(300) })
  expect(heard('settled', { settled_ts: 149 })).toEqual({ status: 'finalized', settled: at(149) })
  expect(heard('determined', { result: 'yes', settlement_value: 'NaN' })).toEqual({
    status: 'determined',
    result: 'yes',
  })
  expect(heard('metadata_updated', { floor_strike: 3 })).toBeNull()
  const change = must(
    seeMarket(
      known,
      seen({ close: at(400), said: { close_time: '1970-01-01T00:06:40Z' } }),
      NOW,
      LAG,
      NOW,
    ).changes[0],
  )
  expect(patchOf(change)).toEqual({ close: at(400) })
  const amended = { ...change, kind: 'status', detail: { status: 'amended' } } as const
  expect(patchOf(amended)).toEqual({ status: 'amended' })
})
