import { beforeAll, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { type BookRecord, type Epoch, type Level, seqOf } from '#core/log'
import { call, dataOf, errorOf } from './api.ts'
import { asOwner, setWatermark, storeMarket, storeRecords } from './store.ts'

const S = 1_000_000
const now = () => Date.now() * 1000
const START = (Math.floor(Date.now() / 1000) * S - 3000 * S) as Micros
const at = (seconds: number) => (START + seconds * S) as Micros
const seq = (n: number) => seqOf(1 as Epoch, n)
const level = (price: number, size: number) => [price, size] as unknown as Level

type Books = {
  readonly best_bids_sum: string | null
  readonly best_asks_sum: string | null
  readonly at_ts: string
  readonly books: readonly { readonly ticker: string; readonly error?: object }[]
}

const snapshot = (bid: number, seconds = 0): BookRecord => ({
  kind: 'snapshot',
  seq: seq(0),
  recv: at(seconds),
  event: null,
  reason: 'first',
  yes: [level(bid, 1000)],
  no: [level(990_000 - bid, 100)],
})

beforeAll(async () => {
  // By ticker, not as they were stored.
  await storeRecords(await storeMarket('ALL-26NOV22-C'), [snapshot(250_000)])
  await storeRecords(await storeMarket('ALL-26NOV22-A'), [
    snapshot(500_000),
    {
      kind: 'delta',
      seq: seq(1),
      recv: at(20),
      event: null,
      side: 'yes',
      price: 510_000,
      change: 100,
      size: 100,
    } as unknown as BookRecord,
  ])
  await storeRecords(await storeMarket('ALL-26NOV22-B'), [snapshot(201_500, 10)])
  await storeRecords(await storeMarket('ALLOTHER-26NOV22-A'), [snapshot(500_000)])
  await setWatermark(at(100))
})

const address = '/v1/events/ALL-26NOV22/orderbook'

test('all markets of an event are told at one instant, with the sums of their best prices', async () => {
  const told = await dataOf<Books>(`${address}?at=${at(15)}`)
  expect(told).toMatchObject({
    event: 'ALL-26NOV22',
    at_ts: printInstant(at(15)),
    best_bids_sum: '0.9515',
    best_asks_sum: '0.9815',
  })
  const alone = await Promise.all(
    ['A', 'B', 'C'].map((name) => dataOf(`/v1/markets/ALL-26NOV22-${name}/orderbook?at=${at(15)}`)),
  )
  expect(told.books).toEqual(alone)
  const later = await dataOf<Books>(`${address}?at=${at(20)}&view=native&depth=1`)
  expect([later.best_bids_sum, later.best_asks_sum]).toEqual(['0.9615', '0.9815'])
})

test('there is no sum while one of the books is not covered', async () => {
  const answer = await call(`${address}?at=${at(5)}`)
  const told = answer.body['data'] as Books
  expect([told.best_bids_sum, told.best_asks_sum]).toEqual([null, null])
  expect(told.books[1]).toMatchObject({
    ticker: 'ALL-26NOV22-B',
    error: { code: 'range_not_covered', covered: { from_ts: printInstant(at(10)) } },
  })
  expect(answer.headers.get('X-Credits-Cost')).toBe('2')
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
})

test('a known past may be kept, and each book costs a credit', async () => {
  const answer = await call(`${address}?at=${at(15)}`)
  expect(answer.headers.get('Cache-Control')).toBe('private, max-age=3600')
  expect(answer.headers.get('X-Credits-Cost')).toBe('3')
})

test('without an instant it is told as of the watermark, if that is of now', async () => {
  const through = (now() - 300_000) as Micros
  await setWatermark(through)
  const answer = await call(address)
  expect(answer.body['data']).toMatchObject({ at_ts: printInstant(through) })
  expect((answer.body['data'] as Books).books).toHaveLength(3)
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  await setWatermark(at(100))
  const late = await call(address)
  expect(late.status).toBe(503)
  expect(errorOf(late).code).toBe('upstream_degraded')
})

test('an instant beyond the watermark is waited for, and then refused', async () => {
  const late = await call(`${address}?at=${at(200)}`)
  expect(late.status).toBe(503)
  expect(errorOf(late)).toMatchObject({ code: 'upstream_degraded' })
  const waiting = dataOf<Books>(`${address}?at=${at(200)}`)
  await setWatermark(at(201))
  expect((await waiting).books).toHaveLength(3)
  await setWatermark(at(100))
})

test('an event without markets has no books, and one that nobody knows is not found', async () => {
  await asOwner(async (sql) => {
    await sql`
      insert into kb.events (ticker, title, raw, updated_us)
      values ('NONE-26NOV22', 'A question', '{}', 1)`
  })
  const told = await dataOf<Books>(`/v1/events/NONE-26NOV22/orderbook?at=${at(15)}`)
  expect(told).toMatchObject({ best_bids_sum: null, books: [] })
  const answer = await call('/v1/events/ALL-26NOV23/orderbook')
  expect(answer.status).toBe(404)
  expect(errorOf(answer).code).toBe('not_found')
})

test('five hundred markets are told at once, and one more is too many', async () => {
  const add = (from: number, to: number) =>
    asOwner(async (sql) => {
      await sql`
        insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
          first_seen_us, updated_us)
        select 'BIG-26NOV22-' || n, 'BIG-26NOV22', 'BIG', 'A question', 'binary', 'active', '{}', 1, 1
        from generate_series(${from}::int, ${to}::int) n`
    })
  await add(1, 500)
  const told = await dataOf<Books>(`/v1/events/BIG-26NOV22/orderbook?at=${at(15)}`)
  expect(told.books).toHaveLength(500)
  expect(told.books.every(({ error }) => error !== undefined)).toBe(true)
  await add(501, 501)
  const answer = await call(`/v1/events/BIG-26NOV22/orderbook?at=${at(15)}`)
  expect(answer.status).toBe(422)
  expect(errorOf(answer)).toMatchObject({ code: 'range_too_large', param: 'event' })
})

test.each([
  ['at', `at=${now() + 3600 * S}`],
  ['at_seq', 'at_seq=1'],
  ['depth', 'depth=1001'],
  ['view', 'view=both'],
])('a wrong %s is named', async (param, query) => {
  const answer = await call(`${address}?${query}`)
  expect(answer.status).toBe(422)
  expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
})
