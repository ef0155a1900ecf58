import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CANDLE_INTERVALS, type CandleInterval } from '#core/candle'
import type { Micros } from '#core/instant'
import { type Epoch, type Level, seqOf } from '#core/log'
import type { QuoteMinute } from '#core/quote-minute'
import type { Trade } from '#core/trade'
import { TRADE_LATE_US } from '#core/trade-holes'
import type { WireCandle } from '#core/wire/candle'
import { call, errorOf } from './api.ts'
import { allPages, streamed } from './list-calls.ts'
import { asOwner, setWatermark, storeGap, storeMarket, storeRecords } from './store.ts'
import {
  DAY,
  makeTradeDays,
  setHoles,
  setRecord,
  storeQuotes,
  storeTrades,
  tradeOf,
} from './trade-store.ts'

const [M, BARE, LEFT] = ['CANDLED-X-A', 'CANDLED-X-BARE', 'CANDLED-X-LEFT'] as const
const MINUTE = 60_000_000
/** 2026-11-05T22:00Z: a midnight lies within the data. */
const START = Date.UTC(2026, 10, 5, 22) * 1000
const at = (seconds: number) => (START + seconds * 1_000_000) as Micros
const SECONDS = 30 * 3600
const END = at(SECONDS)
const INTERVALS = Object.keys(CANDLE_INTERVALS) as CandleInterval[]
const LATER = at(20 * 86_400)

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

const next = numbers(7)
const trades: readonly Trade[] = Array.from({ length: 400 }, (_, n) =>
  tradeOf(M, {
    // Most in bursts of the same few milliseconds, so that many share a time.
    event: (at(Math.floor((n * SECONDS) / 400 / 1800) * 1800) +
      next(3) * 1000 +
      (n % 7) * MINUTE) as Micros,
    tradeId: `t${next(1_000_000)}-${n}`,
    price: (1 + next(999_998)) as Trade['price'],
    size: (n % 50 === 0 ? 10 ** 13 + next(1000) : 1 + next(100_000)) as Trade['size'],
    block: next(6) === 0,
  }),
)
const quotes: readonly QuoteMinute[] = Array.from({ length: 90 }, (_, n) => ({
  market: M as QuoteMinute['market'],
  start: at((n * 19 + next(10)) * 60),
  bid: next(5) === 0 ? null : ([next(999_998) + 1, next(9000) + 1] as unknown as Level),
  ask: next(5) === 0 ? null : ([next(999_998) + 1, next(9000) + 1] as unknown as Level),
  openInterest: n % 4 === 0 ? null : ((n * 100) as QuoteMinute['openInterest']),
  gapUs: n % 9 === 0 ? 3_000_000 : 0,
}))
const gaps = [
  { from: at(3500), to: at(3700) },
  { from: at(3600), to: at(3750) },
  { from: at(40_000), to: at(47_000) },
  { from: at(90_000), to: at(90_001) },
]

beforeAll(async () => {
  await makeTradeDays(START as Micros, 3)
  const id = await storeMarket(M)
  await storeTrades(id, trades)
  await storeQuotes(id, quotes)
  const seq = (n: number) => seqOf(1 as Epoch, n)
  const first = { kind: 'snapshot', event: null, reason: 'first', yes: [], no: [] } as const
  await storeRecords(id, [{ ...first, seq: seq(0), recv: at(-90_000) }])
  for (const [n, gap] of gaps.entries()) {
    await storeGap(id, { seq: seq(n + 1), cause: 'cut', ...gap, noticed: gap.to, prevSeq: null })
  }
  const price = 500_000 as Trade['price']
  const few = (market: string) =>
    [0, 5000].map((s) => tradeOf(market, { tradeId: `${s}`, event: at(s), price }))
  await storeTrades(await storeMarket(BARE), few(BARE))
  const left = await storeMarket(LEFT)
  await storeTrades(left, few(LEFT))
  const cut = { kind: 'gap', cause: 'cut', seq: seq(1), from: at(1800), prevSeq: seq(0) } as const
  await storeRecords(left, [
    { ...first, seq: seq(0), recv: at(-100) },
    { ...cut, recv: at(1800), event: null },
    { kind: 'end', seq: seq(2), recv: at(1800), event: null, reason: 'deselected' },
  ])
  await storeGap(left, { ...cut, to: null, noticed: at(1800) })
  const bid = [400_000, 100] as unknown as Level
  const quote = {
    market: LEFT as QuoteMinute['market'],
    bid,
    ask: null,
    openInterest: null,
    gapUs: 0,
  }
  await storeQuotes(left, [{ ...quote, start: at(-60) }])
})

beforeEach(async () => {
  await setRecord((START - 100 * DAY) as Micros, LATER)
  await setHoles()
})

afterAll(async () => {
  await asOwner((sql) => sql`truncate kb.trades, kb.trade_holes, kb.candle_quotes`)
  await setWatermark(null)
})

/** What the candle of a bucket must be, from the trades, minutes and gaps themselves; null when it is none. */
function expected(start: number, interval: number, blocks: boolean): WireCandle | null {
  const end = start + interval
  const own = trades
    .filter(({ event, block }) => event >= start && event < end && (blocks || !block))
    .sort((a, b) => a.event - b.event || (a.tradeId < b.tradeId ? -1 : 1))
  const minutes = quotes.filter((quote) => quote.start >= start && quote.start < end)
  if (own.length === 0 && minutes.length === 0) return null
  const prices = own.map(({ price }) => price)
  const size = own.reduce((sum, trade) => sum + BigInt(trade.size), 0n)
  const paid = own.reduce((sum, trade) => sum + BigInt(trade.size) * BigInt(trade.price), 0n)
  const held = quotes.filter((quote) => quote.start < end).at(-1)
  let unknown = 0
  for (let us = start; us < end; us += 1_000_000) {
    if (gaps.some(({ from, to }) => from <= us && us < to)) unknown += 1
  }
  const said = minutes.reduce((sum, minute) => sum + minute.gapUs, 0) / 1_000_000
  const known = !gaps.some(({ from, to }) => from < end && to >= end)
  const level = (of: Level | null | undefined): [string, string] | null =>
    known && of ? [dollars(of[0]), contracts(BigInt(of[1]))] : null
  const some = (value: number | undefined) => (value === undefined ? null : dollars(value))
  return {
    start_us: start,
    open: some(prices[0]),
    high: some(own.length === 0 ? undefined : Math.max(...prices)),
    low: some(own.length === 0 ? undefined : Math.min(...prices)),
    close: some(prices.at(-1)),
    volume: contracts(size),
    trades: own.length,
    vwap: size === 0n ? null : dollars(Number((2n * paid + size) / (2n * size))),
    bid: level(held?.bid),
    ask: level(held?.ask),
    open_interest: held?.openInterest == null ? null : contracts(BigInt(held.openInterest)),
    gap_seconds: Math.max(unknown, said),
    final: true,
  }
}

function dollars(millionths: number): string {
  const text = (millionths / 1_000_000).toFixed(6)
  return text.endsWith('00') ? text.slice(0, -2) : text
}

function contracts(hundredths: bigint): string {
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`
}

function allExpected(interval: CandleInterval, blocks = false): WireCandle[] {
  const us = CANDLE_INTERVALS[interval]
  const candles: WireCandle[] = []
  for (let start = START - (START % us); start < END; start += us) {
    const candle = expected(start, us, blocks)
    if (candle !== null) candles.push(candle)
  }
  return candles
}

const path = (interval: string, query = '') =>
  `/v1/markets/${M}/candles?interval=${interval}&from=${START - DAY}&to=${LATER}${query}`

test.each(INTERVALS)(
  '%s candles are what the trades, quotes and gaps themselves come to',
  async (interval) => {
    const want = allExpected(interval)
    expect(want.length).toBeGreaterThan(1)
    expect(await allPages(path(interval), 10_000)).toEqual(want)
    const some = Math.ceil(want.length / 4)
    expect(await allPages(path(interval), some)).toEqual(want)
    expect(await allPages(path(interval, '&order=desc'), some)).toEqual([...want].reverse())
    expect(await allPages(path(interval, '&blocks=include'), 10_000)).toEqual(
      allExpected(interval, true),
    )
  },
)

test('without a range, candles begin with the market’s first', async () => {
  const rows = await allPages(`/v1/markets/${M}/candles?interval=1h`, 10)
  expect(rows).toEqual(allExpected('1h'))
})

test('streams have the rows of the pages; in CSV a level is two cells', async () => {
  const want = allExpected('15m')
  const ndjson = await streamed(path('15m'), 'application/x-ndjson')
  const lines = ndjson.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.slice(0, -1)).toEqual(want)
  expect(lines.at(-1)).toMatchObject({ type: 'end', records: want.length, holes: [], credits: 1 })
  const { lines: csv } = await streamed(path('15m'), 'text/csv')
  expect(csv[0]).toBe(
    'start_us,open,high,low,close,volume,trades,vwap,bid_price,bid_size,ask_price,ask_size,open_interest,gap_seconds,final',
  )
  const cells = csv.slice(1).map((line) => line.split(','))
  expect(cells.map((row) => [row[0], row[8], row[9], row[14]])).toEqual(
    want.map((candle) => [
      String(candle.start_us),
      candle.bid?.[0] ?? '',
      candle.bid?.[1] ?? '',
      'true',
    ]),
  )
})

test('the range selects the buckets that begin in it', async () => {
  const range = (from: number, to: number) =>
    allPages(`/v1/markets/${BARE}/candles?interval=1m&from=${from}&to=${to}`, 10)
  expect(await range(at(0), at(1))).toHaveLength(1)
  expect(await range(at(1), at(61))).toHaveLength(0)
  expect(await range(at(-1), at(0))).toHaveLength(0)
})

type Finals = readonly (readonly [unknown, unknown])[]
async function finals(query = ''): Promise<{ finals: Finals; meta: unknown }> {
  const { body } = await call(`/v1/markets/${BARE}/candles?interval=1h${query}`)
  const rows = body['data'] as Record<string, unknown>[]
  return { finals: rows.map((row) => [row['start_us'], row['final']] as const), meta: body['meta'] }
}

test('a bucket is final once the watermark has left it behind, late trades considered', async () => {
  await setRecord(at(-DAY / 1e6), (at(3600) + TRADE_LATE_US - 1) as Micros)
  const [early, late] = [at(0), at(3600)]
  expect(await finals()).toEqual({
    finals: [
      [early, true],
      [late, false],
    ],
    meta: expect.objectContaining({ through_us: at(3600) - 1, holes: [] }),
  })
  await setRecord(at(-DAY / 1e6), (at(3600) + TRADE_LATE_US - 2) as Micros)
  expect(await finals()).toEqual({
    finals: [
      [early, false],
      [late, false],
    ],
    meta: expect.objectContaining({ through_us: at(0) - 1 }),
  })
})

test('a bucket in which trades may be missing is not final', async () => {
  const hole = { from: at(3595), to: at(3596) }
  await setHoles({ ...hole, filled: null })
  const told = { from_us: hole.from - TRADE_LATE_US, to_us: hole.to + TRADE_LATE_US }
  expect(await finals()).toEqual({
    finals: [
      [at(0), false],
      [at(3600), false],
    ],
    meta: expect.objectContaining({ holes: [told], through_us: at(0) - 1 }),
  })
  await setHoles({ ...hole, filled: at(9000) })
  expect((await finals()).finals).toEqual([
    [at(0), true],
    [at(3600), true],
  ])
  // What was traded in its first minutes is not known.
  await setRecord(at(100), LATER)
  expect((await finals(`&from=${at(0)}`)).finals).toEqual([
    [at(0), false],
    [at(3600), true],
  ])
})

test('the minute under way is told, and is not final', async () => {
  const now = Date.now() * 1000
  const event = (now - (now % 1000)) as Micros
  const market = 'CANDLED-X-NOW'
  await storeTrades(await storeMarket(market), [tradeOf(market, { tradeId: 'n', event })])
  await setRecord(at(0), now as Micros)
  const rows = await allPages(`/v1/markets/${market}/candles?interval=1d`, 10)
  expect(rows).toMatchObject([{ start_us: event - (event % DAY), trades: 1, final: false }])
})

test('without a log there are no quotes, and it is said that none is known', async () => {
  const [candle] = await allPages(`/v1/markets/${BARE}/candles?interval=1h`, 10)
  expect(candle).toMatchObject({ bid: null, ask: null, gap_seconds: 3600, final: true })
})

test('after a market was deselected its last quote is not told as if it held', async () => {
  const rows = await allPages(`/v1/markets/${LEFT}/candles?interval=1h`, 10)
  expect(rows.map((row) => [row['start_us'], row['bid'], row['gap_seconds']])).toEqual([
    [at(-3600), ['0.4000', '1.00'], 3500],
    [at(0), null, 1800],
    [at(3600), null, 3600],
  ])
})

test('the last bucket is told whole, and judged by what is known of all of it', async () => {
  const hour = `/v1/markets/${BARE}/candles?interval=1h&from=${at(0)}&to=${at(600)}`
  const hole = { from: at(3000), to: at(3001) }
  await setHoles({ ...hole, filled: null })
  const { body } = await call(hour)
  const told = { from_us: hole.from - TRADE_LATE_US, to_us: hole.to + TRADE_LATE_US }
  expect(body).toMatchObject({
    data: [{ start_us: at(0), final: false }],
    meta: { through_us: at(0) - 1, holes: [told] },
  })
  // It was left within the bucket, but after `to`.
  const [candle] = await allPages(hour.replace(BARE, LEFT), 10)
  expect(candle).toMatchObject({ bid: null, gap_seconds: 1800 })
})

test('what is asked for wrongly is refused by its name', async () => {
  const wrong = [
    [`/v1/markets/${M}/candles`, 422, 'interval'],
    [`/v1/markets/${M}/candles?interval=2m`, 422, 'interval'],
    [`/v1/markets/${M}/candles?interval=1m&blocks=some`, 422, 'blocks'],
    [`/v1/markets/${M}/candles?interval=1m&to=${START - 200 * DAY}`, 404, 'to'],
    ['/v1/markets/NOBODY/candles?interval=1m', 404, undefined],
  ] as const
  for (const [address, status, param] of wrong) {
    const answer = await call(address)
    expect([answer.status, errorOf(answer).param], address).toEqual([status, param])
  }
})
