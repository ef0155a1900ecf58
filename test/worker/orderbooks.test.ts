import { beforeAll, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { type BookRecord, type Epoch, type Level, seqOf } from '#core/log'
import { foldRecords } from '#core/segment-fold'
import { call, dataOf, errorOf } from './api.ts'
import { setWatermark, storeGap, storeMarket, storeRecords, storeSegment } from './store.ts'

const S = 1_000_000
const START = (Math.floor(Date.now() / 1000) * S - 3000 * S) as Micros
const at = (seconds: number) => (START + seconds * S) as Micros
const seq = (n: number) => seqOf(1 as Epoch, n)
const level = (price: number, size: number) => [price, size] as unknown as Level
const T = (name: string) => `MANY-26NOV22-${name}`
const path = (names: readonly string[], more = '') =>
  `/v1/orderbooks?tickers=${names.map(T).join(',')}${more}`

const snapshot = (price: number, seconds = 0): BookRecord => ({
  kind: 'snapshot',
  seq: seq(0),
  recv: at(seconds),
  event: null,
  reason: 'first',
  yes: [level(price, 1000), level(price - 10_000, 500)],
  no: [level(570_000, 8500)],
})
const delta = (n: number, seconds: number, price: number, size: number) =>
  ({
    kind: 'delta',
    seq: seq(n),
    recv: at(seconds),
    event: null,
    side: 'no',
    price,
    change: size,
    size,
  }) as unknown as BookRecord

type Item = { ticker: string; seq?: number; status?: string; error?: { code: string } }

beforeAll(async () => {
  await storeRecords(await storeMarket(T('HOT')), [snapshot(420_000), delta(1, 10, 560_000, 100)])
  const both = await storeMarket(T('BOTH'))
  const log = [snapshot(430_000), delta(1, 10, 560_000, 100), delta(2, 20, 550_000, 100)]
  await storeSegment(both, { openUs: at(0), opening: { kind: 'new' }, records: log.slice(0, 1) })
  const opening = foldRecords({ kind: 'new' }, log.slice(0, 1))
  await storeSegment(both, { openUs: at(0), opening, records: log.slice(1, 2) })
  await storeRecords(both, log.slice(1))
  await storeRecords(await storeMarket(T('LATER')), [snapshot(440_000, 60)])
  const gapped = await storeMarket(T('GAPPED'))
  await storeRecords(gapped, [snapshot(450_000)])
  const gap = { seq: seq(9), cause: 'mismatch', from: at(5), to: at(40), noticed: at(40) } as const
  await storeGap(gapped, { ...gap, prevSeq: null })
  await storeMarket(T('NEVER'))
  await storeRecords(await storeMarket(T('OVER'), 'finalized'), [snapshot(460_000)])
  await setWatermark(at(100))
})

test('each market has its own book, in the order asked, and it is that of its own address', async () => {
  for (const seconds of [0, 15, 25]) {
    for (const style of ['', '&view=native', '&depth=1']) {
      const names = ['OVER', 'BOTH', 'HOT']
      const books = await dataOf<Item[]>(path(names, `&at=${at(seconds)}${style}`))
      const alone = await Promise.all(
        names.map((name) =>
          dataOf<Item>(`/v1/markets/${T(name)}/orderbook?at=${at(seconds)}${style}`),
        ),
      )
      expect(books).toEqual(alone)
    }
  }
})

test('what cannot be told is said for each market, and spares the others', async () => {
  const answer = await call(path(['NOWHERE', 'LATER', 'HOT', 'GAPPED', 'NEVER'], `&at=${at(30)}`))
  expect(answer.status).toBe(200)
  expect(answer.body['data']).toMatchObject([
    { ticker: T('NOWHERE'), error: { code: 'not_found' } },
    {
      ticker: T('LATER'),
      error: { code: 'range_not_covered', covered: { from_ts: printInstant(at(60)) } },
    },
    { ticker: T('HOT'), status: 'as_of', seq: seq(1) },
    { ticker: T('GAPPED'), status: 'unknown', gap: { cause: 'mismatch' } },
    { ticker: T('NEVER'), error: { code: 'range_not_covered', covered: { from_ts: null } } },
  ])
  expect(answer.headers.get('X-Credits-Cost')).toBe('1')
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
})

test('a past that is wholly known may be kept, and is not sent twice', async () => {
  const address = path(['HOT', 'BOTH'], `&at=${at(15)}`)
  const answer = await call(address)
  expect(answer.headers.get('Cache-Control')).toBe('private, max-age=3600')
  expect(answer.headers.get('X-Credits-Cost')).toBe('2')
  const etag = answer.headers.get('ETag') ?? ''
  const { good } = (await import('cloudflare:workers')).env.TEST_KEYS
  const again = await call(address, { 'X-API-Key': good, 'If-None-Match': etag })
  expect([again.status, again.headers.get('X-Credits-Cost')]).toEqual([304, '0'])
})

test('beyond the watermark all books wait once, and none is told', async () => {
  const began = Date.now()
  const names = ['HOT', 'BOTH', 'OVER', 'LATER', 'GAPPED']
  const books = await dataOf<Item[]>(path(names, `&at=${at(200)}`))
  expect(Date.now() - began).toBeGreaterThan(900)
  // One after the other they would wait for five seconds.
  expect(Date.now() - began).toBeLessThan(4500)
  expect(books).toHaveLength(names.length)
  for (const { error } of books) {
    expect(error).toMatchObject({
      code: 'upstream_degraded',
      covered: { through_ts: printInstant(at(100)) },
    })
  }
  const waiting = dataOf<Item[]>(path(['HOT', 'BOTH'], `&at=${at(200)}`))
  await setWatermark(at(201))
  expect((await waiting).map(({ status }) => status)).toEqual(['as_of', 'as_of'])
  await setWatermark(at(100))
})

test('without an instant a book is live or it is none; the last one of a market that is over is told', async () => {
  const answer = await call(path(['HOT', 'OVER', 'NOWHERE', 'NEVER']))
  expect(answer.body['data']).toMatchObject([
    { ticker: T('HOT'), error: { code: 'upstream_degraded' } },
    { ticker: T('OVER'), status: 'closed', seq: seq(0) },
    { ticker: T('NOWHERE'), error: { code: 'not_found' } },
    { ticker: T('NEVER'), error: { code: 'upstream_degraded' } },
  ])
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  expect(answer.headers.get('X-Credits-Cost')).toBe('1')
})

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `N${i}`)

test('a hundred tickers are answered for', async () => {
  const books = await dataOf<Item[]>(path(numbered(100), `&at=${at(15)}`))
  expect(books.map(({ ticker }) => ticker)).toEqual(numbered(100).map(T))
})

test.each([
  ['tickers', ''],
  ['tickers', 'tickers='],
  ['tickers', 'tickers=A,,B'],
  ['tickers', 'tickers=A,B,A'],
  ['tickers', "tickers=A,B'C"],
  ['tickers', 'tickers=A,{B}'],
  ['tickers', 'tickers=A&tickers=B'],
  ['tickers', `tickers=${numbered(101).join(',')}`],
  ['at', `tickers=A&at=${Date.now() + 3_600_000}`],
  ['at', 'tickers=A&at=yesterday'],
  ['depth', 'tickers=A&depth=0'],
  ['view', 'tickers=A&view=no'],
  ['stale', 'tickers=A&stale=allow'],
])('a wrong %s is named: %s', async (param, query) => {
  const answer = await call(`/v1/orderbooks?${query}`)
  expect(answer.status).toBe(422)
  expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
})
