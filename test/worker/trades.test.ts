import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import type { Trade } from '#core/trade'
import { TRADE_LATE_US } from '#core/trade-holes'
import { call, errorOf } from './api.ts'
import { allPages, streamed } from './list-calls.ts'
import { asOwner, setWatermark, storeMarket } from './store.ts'
import {
  DAY,
  makeTradeDays,
  setHoles,
  setKept,
  setRecord,
  storeTrades,
  tradeOf,
} from './trade-store.ts'

const [A, B, C, SPARSE] = ['TRADED-X-A', 'TRADED-X-B', 'TRADED-Y-C', 'TRADED-Z-S'] as const
/** 2026-11-10T12:00Z. */
const NOON = Date.UTC(2026, 10, 10, 12) * 1000
const at = (seconds: number) => (NOON + seconds * 1_000_000) as Micros
const ms = (us: number) => (us - (us % 1000)) as Micros
const SPAN = `from=${at(-7200)}&to=${at(2 * 86_400)}`
const NOW = ms(Date.now() * 1000)

let made: readonly Trade[] = []

/** Trades at few times, so that many have the same, over two days and across a midnight. */
function makeTrades(market: string, count: number, step: number): Trade[] {
  return Array.from({ length: count }, (_, n) =>
    tradeOf(market, {
      tradeId: `${(n * 7919) % 1000}${market}~"_%`,
      event: at(Math.floor((n * step) / 3) * 600),
      price: (10_000 * (1 + (n % 99))) as Trade['price'],
      size: (n + 1) as Trade['size'],
      taker: n % 2 === 0 ? 'yes' : 'no',
      block: n % 10 === 0,
      source: n % 5 === 0 ? 'refill' : 'stream',
    }),
  )
}

beforeAll(async () => {
  await makeTradeDays(at(-DAY / 1_000_000), 3)
  const all = [makeTrades(A, 120, 2), makeTrades(B, 60, 5), makeTrades(C, 40, 3)]
  for (const trades of all) {
    await storeTrades(await storeMarket(trades[0]?.market ?? ''), trades)
  }
  made = all.flat()
  const far = [-900, -30, -1].map((days) =>
    tradeOf(SPARSE, { tradeId: `d${days}`, event: ms(NOW + days * DAY) }),
  )
  await storeTrades(await storeMarket(SPARSE), far)
})

beforeEach(async () => {
  await setRecord((NOW - 1000 * DAY) as Micros, NOW)
  await setHoles()
})

afterAll(async () => {
  await asOwner((sql) => sql`truncate kb.trades, kb.trade_holes`)
  await setKept('trades', null)
  await setWatermark(null)
})

/** The ids in the order in which they must come. */
function inOrder(...markets: readonly string[]): string[] {
  const bytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return made
    .filter(({ market }) => markets.includes(market))
    .sort((a, b) => a.event - b.event || bytes(a.tradeId, b.tradeId))
    .map(({ tradeId }) => tradeId)
}

const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['trade_id'])

test('a market’s trades come in the order of (event, id), each once, whatever the page, both ways', async () => {
  const path = `/v1/markets/${A}/trades?${SPAN}`
  for (const limit of [17, 120, 121]) {
    expect(idsOf(await allPages(path, limit))).toEqual(inOrder(A))
  }
  expect(idsOf(await allPages(`${path}&order=desc`, 31))).toEqual(inOrder(A).reverse())
})

test('a trade is told as it was', async () => {
  const { body } = await call(`/v1/markets/${B}/trades?from=${at(0)}&to=${at(1)}&limit=1`)
  const [first] = inOrder(B)
  const trade = made.find(({ tradeId }) => tradeId === first)
  expect(body['data']).toEqual([
    {
      type: 'trade',
      trade_id: first,
      market: B,
      price: `0.${String(trade?.price).padStart(6, '0').slice(0, 4)}`,
      size: `0.${String(trade?.size).padStart(2, '0')}`,
      taker: trade?.taker,
      block: trade?.block,
      event_us: at(0),
      recv_us: at(0) + 18_877,
      source: trade?.source,
    },
  ])
})

test('trades of several markets, of an event and of all come merged', async () => {
  for (const limit of [41, 500]) {
    expect(idsOf(await allPages(`/v1/trades?tickers=${A},${C}&${SPAN}`, limit))).toEqual(
      inOrder(A, C),
    )
    expect(idsOf(await allPages(`/v1/trades?event=TRADED-X&${SPAN}`, limit))).toEqual(inOrder(A, B))
    expect(idsOf(await allPages(`/v1/trades?${SPAN}`, limit))).toEqual(inOrder(A, B, C))
  }
  const down = await allPages(`/v1/trades?tickers=${B},${A},${C}&${SPAN}&order=desc`, 70)
  expect(idsOf(down)).toEqual(inOrder(A, B, C).reverse())
})

test('from is inclusive and to exclusive, and mean the exchange’s time', async () => {
  const times = async (query: string) => {
    const rows = await allPages(`/v1/markets/${A}/trades?${query}`, 100)
    return [...new Set(rows.map((row) => Number(row['event_us'])))]
  }
  expect(await times(`from=${at(0)}&to=${at(600)}`)).toEqual([at(0)])
  expect(await times(`from=${at(600)}&to=${at(601)}`)).toEqual([at(600)])
  expect(await times(`from=${at(1)}&to=${at(600)}`)).toEqual([])
})

test('streams have the rows of the pages, and say that they are whole', async () => {
  const path = `/v1/trades?event=TRADED-X&${SPAN}`
  const pages = await allPages(path, 1000)
  const ndjson = await streamed(path, 'application/x-ndjson')
  const lines = ndjson.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.slice(0, -1)).toEqual(pages)
  const through = NOW - TRADE_LATE_US
  expect(lines.at(-1)).toEqual({
    type: 'end',
    records: 180,
    through_us: through,
    holes: [],
    credits: 1,
  })
  const csv = await streamed(path, 'text/csv')
  expect(csv.lines[0]).toBe('trade_id,market,price,size,taker,block,event_us,recv_us,source')
  expect(csv.lines).toHaveLength(181)
  expect(csv.headers.get('X-Holes')).toBeNull()
})

test('trades that lie years apart are found in few pages', async () => {
  expect(idsOf(await allPages(`/v1/markets/${SPARSE}/trades`, 2))).toEqual(['d-900', 'd-30', 'd-1'])
  const down = await allPages(`/v1/markets/${SPARSE}/trades?order=desc`, 1)
  expect(idsOf(down)).toEqual(['d-1', 'd-30', 'd-900'])
})

const metaOf = async (query: string, market: string = A) =>
  (await call(`/v1/markets/${market}/trades?${query}`)).body['meta'] as Record<string, unknown>

test('trades are final only once late ones must have come', async () => {
  expect(await metaOf(SPAN)).toMatchObject({ through_us: NOW - TRADE_LATE_US, holes: [] })
  await setRecord(at(-86_400), at(700))
  expect(await metaOf(SPAN)).toMatchObject({ through_us: at(690), holes: [] })
})

test('a hole that is not filled is told where it overlaps, and nothing from it on is final', async () => {
  const late = TRADE_LATE_US
  const hole = { from: at(1000), to: at(1100) }
  const told = { from_us: at(1000) - late, to_us: at(1100) + late }
  await setHoles({ ...hole, filled: null })
  const path = `/v1/markets/${A}/trades?${SPAN}`
  const before = await call(path)
  expect(before.body['meta']).toMatchObject({ holes: [told], through_us: at(1000) - late - 1 })
  expect(before.headers.get('Cache-Control')).toBe('private, no-cache')
  expect(await metaOf(`from=${at(0)}&to=${at(900)}`)).toMatchObject({
    holes: [],
    through_us: NOW - late,
  })
  // Clocks differ: what lies beside the hole may be in it.
  expect(await metaOf(`from=${at(1105)}&to=${at(5000)}`)).toMatchObject({ holes: [told] })
  expect(await metaOf(`from=${at(1111)}&to=${at(5000)}`)).toMatchObject({ holes: [] })
  const stream = await streamed(path, 'application/x-ndjson')
  expect(JSON.parse(String(stream.lines.at(-1)))).toMatchObject({
    type: 'end',
    holes: [told],
    through_us: at(1000) - late - 1,
  })
  const csv = await streamed(path, 'text/csv')
  expect(csv.headers.get('X-Holes')).toBe(`${told.from_us}-${told.to_us}`)

  await setHoles({ ...hole, filled: at(2000) })
  const after = await call(path)
  expect(after.body['data']).toEqual(before.body['data'])
  expect(after.body['meta']).toMatchObject({ holes: [], through_us: NOW - late })
  expect(after.headers.get('Cache-Control')).toBe('private, max-age=3600')
  // That nothing is missing any more is news, though no row is new.
  expect(after.headers.get('ETag')).not.toBe(before.headers.get('ETag'))
})

test('while the trade channel is away, its hole has no end', async () => {
  await setHoles({ from: at(0), to: null, filled: null })
  const told = { from_us: at(0) - TRADE_LATE_US, to_us: null }
  expect(await metaOf(`from=${at(500)}`)).toMatchObject({
    holes: [told],
    through_us: told.from_us - 1,
  })
  const csv = await streamed(`/v1/trades?from=${at(500)}&to=${at(700)}`, 'text/csv')
  expect(csv.headers.get('X-Holes')).toBe(`${told.from_us}-`)
})

test('the time before the record began is a hole, and alone it is not covered', async () => {
  await setRecord(at(600), NOW)
  expect(await metaOf(SPAN)).toMatchObject({
    holes: [{ from_us: at(-7200), to_us: at(600) }],
    through_us: NOW - TRADE_LATE_US,
  })
  const answer = await call(`/v1/trades?from=${at(0)}&to=${at(600)}`)
  expect(answer.status).toBe(404)
  expect(errorOf(answer)).toMatchObject({
    code: 'range_not_covered',
    param: 'to',
    covered: { from_ts: printInstant(at(600)), through_ts: printInstant(NOW) },
  })
  await setKept('trades', at(43_200))
  expect(await metaOf(SPAN)).toMatchObject({ holes: [{ to_us: at(43_200) }] })
  const kept = await allPages(`/v1/markets/${A}/trades?${SPAN}`, 1000)
  expect(kept.every((row) => Number(row['event_us']) >= at(43_200))).toBe(true)
  await setKept('trades', null)
})

test('a store that never recorded has no trades, and says of nothing that it is final', async () => {
  await setWatermark(null)
  const { status, body } = await call('/v1/trades')
  expect(status).toBe(200)
  expect(body).toMatchObject({ data: [], next_cursor: null, meta: { through_us: null } })
})

test('what is asked for wrongly is refused by its name', async () => {
  const wrong = [
    ['/v1/markets/NOBODY/trades', 404, 'not_found', undefined],
    [`/v1/trades?tickers=${A},NOBODY`, 404, 'not_found', undefined],
    ['/v1/trades?event=NOTHING', 404, 'not_found', undefined],
    [`/v1/trades?event=TRADED-X&tickers=${A}`, 422, 'invalid_param', 'event'],
    [`/v1/trades?tickers=${A},${A}`, 422, 'invalid_param', 'tickers'],
    [`/v1/trades?from=${at(5)}&to=${at(5)}`, 422, 'invalid_param', 'to'],
    ['/v1/trades?market=x', 422, 'invalid_param', 'market'],
    [`/v1/markets/${A}/trades?tickers=${B}`, 422, 'invalid_param', 'tickers'],
  ] as const
  for (const [path, status, code, param] of wrong) {
    const answer = await call(path)
    expect(answer.status, path).toBe(status)
    const error = errorOf(answer)
    expect([error.code, error.param], path).toEqual([code, param])
  }
})

test('a stream of all markets is bounded by the plan, a market’s own is not longer than its life', async () => {
  await expect(streamed('/v1/trades', 'text/csv')).rejects.toThrow('range_too_large')
  await asOwner(
    (sql) => sql`
    update kb.markets set open_us = ${NOW - 40 * DAY}, first_seen_us = ${NOW - 30 * DAY} where ticker = ${SPARSE}`,
  )
  const { lines } = await streamed(`/v1/markets/${SPARSE}/trades`, 'text/csv')
  expect(lines.map((line) => line.split(',')[0])).toEqual(['trade_id', 'd-30', 'd-1'])
})
