import { beforeAll, expect, test } from 'vitest'
import { checksum, fullChecksum } from '#core/checksum'
import { type Micros, printInstant } from '#core/instant'
import type { BookRecord, Epoch, Level, Seq } from '#core/log'
import { seqOf } from '#core/log'
import { foldRecords } from '#core/segment-fold'
import { call, dataOf, errorOf } from './api.ts'
import { setWatermark, storeGap, storeMarket, storeRecords, storeSegment } from './store.ts'

const T = 'PAST-26NOV22-T1'
const S = 1_000_000
const START = (Date.now() * 1000 - 1000 * S) as Micros
const at = (seconds: number) => (START + seconds * S) as Micros
const seq = (n: number, epoch = 1): Seq => seqOf(epoch as Epoch, n)
const level = (price: number, size: number) => [price, size] as unknown as Level
const book = `/v1/markets/${T}/orderbook`

const delta = (n: number, seconds: number, size: number, change: number): BookRecord =>
  ({
    kind: 'delta',
    seq: seq(n),
    recv: at(seconds),
    event: (at(seconds) - 500) as Micros,
    side: 'yes',
    price: 420_000,
    change,
    size,
  }) as unknown as BookRecord
const snapshot = (s: Seq, seconds: number, reason: 'first' | 'epoch'): BookRecord => ({
  kind: 'snapshot',
  seq: s,
  recv: at(seconds),
  event: null,
  reason,
  yes: [level(420_000, 1000), level(410_000, 50)],
  no: [level(570_000, 8500)],
})

beforeAll(async () => {
  const id = await storeMarket(T)
  await storeRecords(id, [
    snapshot(seq(0), 0, 'first'),
    delta(1, 10, 1200, 200),
    delta(2, 20, 0, -1200),
    {
      kind: 'gap',
      seq: seq(3),
      recv: at(40),
      event: null,
      cause: 'cut',
      from: at(30),
      prevSeq: seq(2),
    },
    snapshot(seq(0, 2), 50, 'epoch'),
    { kind: 'end', seq: seq(1, 2), recv: at(70), event: null, reason: 'settled' },
  ])
  const cut = { seq: seq(3), cause: 'cut', from: at(30), to: at(50), noticed: at(40) } as const
  await storeGap(id, { ...cut, prevSeq: seq(2) })
  // Found later, over what had been stored.
  const late = {
    seq: seq(2, 2),
    cause: 'mismatch',
    from: at(60),
    to: at(65),
    noticed: at(65),
  } as const
  await storeGap(id, { ...late, prevSeq: null })
  await setWatermark(at(100))
})

test('the book as of an instant is all that was received up to it, inclusive', async () => {
  const ladders = { yes: [level(420_000, 1200), level(410_000, 50)], no: [level(570_000, 8500)] }
  expect(await dataOf(`${book}?at=${printInstant(at(10))}`)).toEqual({
    ticker: T,
    event: 'PAST-26NOV22',
    market_status: 'active',
    status: 'as_of',
    view: 'yes',
    at_ts: printInstant(at(10)),
    bids: [
      ['0.4200', '12.00'],
      ['0.4100', '0.50'],
    ],
    asks: [['0.4300', '85.00']],
    seq: seq(1),
    checksum: checksum(ladders),
    full_checksum: fullChecksum(ladders),
    changed_ts: printInstant(at(10)),
    event_ts: printInstant((at(10) - 500) as Micros),
    confirmed_ts: printInstant(at(10)),
    proof: { opening_seq: seq(0), deltas_applied: 1 },
  })
  const before = await dataOf<{ seq: number }>(`${book}?at=${at(10) - 1}`)
  expect(before.seq).toBe(seq(0))
})

test('an instant may be written in seconds, ms, µs and ns, and with a zone', async () => {
  const ms = Math.ceil(at(11) / 1000)
  const zoned = new Date(ms + 3_600_000).toISOString().replace('Z', '%2B01:00')
  for (const text of [Math.ceil(at(11) / S), ms, ms * 1000, `${ms}000000`, zoned]) {
    expect(await dataOf(`${book}?at=${text}`)).toMatchObject({ seq: seq(1) })
  }
})

test('depth cuts what is shown and not what the checksums are of; native shows both legs', async () => {
  const whole = await dataOf<{ checksum: number }>(`${book}?at=${at(10)}&view=native`)
  expect(whole).toMatchObject({
    yes: [
      ['0.4200', '12.00'],
      ['0.4100', '0.50'],
    ],
    no: [['0.5700', '85.00']],
  })
  expect(whole).not.toHaveProperty('bids')
  const cut = await dataOf(`${book}?at=${at(10)}&view=native&depth=1`)
  expect(cut).toMatchObject({ yes: [['0.4200', '12.00']], checksum: whole.checksum })
})

test('a level that went is gone', async () => {
  expect(await dataOf(`${book}?at=${at(25)}`)).toMatchObject({ bids: [['0.4100', '0.50']] })
})

test('strictly inside a gap the book is unknown, from its beginning to its end', async () => {
  for (const seconds of [35, 40, 45]) {
    const data = await dataOf<object>(`${book}?at=${at(seconds)}&stale=allow`)
    expect(data).toMatchObject({
      status: 'unknown',
      gap: { cause: 'cut', from_us: at(30), to_us: at(50) },
    })
    for (const name of ['bids', 'asks', 'yes', 'no', 'checksum']) {
      expect(data).not.toHaveProperty(name)
    }
  }
  expect(await dataOf(`${book}?at=${at(30)}`)).toMatchObject({ status: 'as_of', seq: seq(2) })
  expect(await dataOf(`${book}?at=${at(50)}`)).toMatchObject({ status: 'as_of', seq: seq(0, 2) })
})

test('a gap found later covers what was stored before', async () => {
  expect(await dataOf(`${book}?at=${at(62)}`)).toMatchObject({
    status: 'unknown',
    gap: { cause: 'mismatch', from_us: at(60), to_us: at(65) },
  })
})

test('the book after a record, and the unknown book of a gap', async () => {
  expect(await dataOf(`${book}?at_seq=${seq(1)}`)).toMatchObject({
    status: 'as_of',
    seq: seq(1),
    at_ts: printInstant(at(10)),
    proof: { opening_seq: seq(0), deltas_applied: 1 },
  })
  expect(await dataOf(`${book}?at_seq=${seq(3)}`)).toMatchObject({ status: 'unknown', seq: seq(3) })
})

test('after the end of the log the last book is closed', async () => {
  expect(await dataOf(`${book}?at=${at(80)}`)).toMatchObject({ status: 'closed', seq: seq(1, 2) })
})

test.each([
  ['at', () => `at=${at(-1)}`],
  ['at', () => 'at=2001-01-01T00:00:00Z'],
  ['at_seq', () => 'at_seq=0'],
  ['at_seq', () => `at_seq=${seq(4)}`],
  ['at_seq', () => `at_seq=${seq(2, 2)}`],
  ['at_seq', () => `at_seq=${seq(0, 3)}`],
])('%s outside of the record is told what is covered', async (param, query) => {
  const answer = await call(`${book}?${query()}`)
  expect(answer.status).toBe(404)
  expect(errorOf(answer)).toMatchObject({
    code: 'range_not_covered',
    param,
    covered: { from_ts: printInstant(at(0)), through_ts: printInstant(at(100)) },
  })
})

test('what the record does not reach yet is waited for, and then refused', async () => {
  const began = Date.now()
  const answer = await call(`${book}?at=${at(200)}`)
  expect(Date.now() - began).toBeGreaterThan(900)
  expect(answer.status).toBe(503)
  expect(answer.headers.get('Retry-After')).toBe('1')
  expect(errorOf(answer)).toMatchObject({
    code: 'upstream_degraded',
    covered: { through_ts: printInstant(at(100)) },
  })
  const waiting = dataOf(`${book}?at=${at(200)}`)
  await setWatermark(at(201))
  expect(await waiting).toMatchObject({ status: 'closed' })
  await setWatermark(at(100))
})

test('an instant up to two seconds ahead of us is now, a later one is refused', async () => {
  await setWatermark((Date.now() * 1000 + 60 * S) as Micros)
  const data = await dataOf<{ at_ts: string }>(`${book}?at=${Date.now() + 1500}`)
  expect(Date.parse(data.at_ts)).toBeLessThanOrEqual(Date.now())
  expect((await call(`${book}?at=${Date.now() + 4000}`)).status).toBe(422)
  await setWatermark(at(100))
})

test('a market whose trading is over answers its last book from the record', async () => {
  const id = await storeMarket('PAST-26NOV22-OVER', 'determined')
  await storeRecords(id, [snapshot(seq(0), 5, 'first')])
  expect(await dataOf('/v1/markets/PAST-26NOV22-OVER/orderbook')).toMatchObject({
    status: 'closed',
    market_status: 'determined',
    seq: seq(0),
  })
})

test('with no collector the last book is stale: refused, or shown when that is allowed', async () => {
  const id = await storeMarket('PAST-26NOV22-QUIET')
  await storeRecords(id, [snapshot(seq(0), 5, 'first')])
  const path = '/v1/markets/PAST-26NOV22-QUIET/orderbook'
  const answer = await call(path)
  expect(answer.status).toBe(503)
  expect(errorOf(answer).code).toBe('upstream_degraded')
  expect(await dataOf(`${path}?stale=allow`)).toMatchObject({
    status: 'stale',
    seq: seq(0),
    confirmed_ts: printInstant(at(100)),
  })
})

test('a market that was never recorded has no book yet', async () => {
  await storeMarket('PAST-26NOV22-NEW')
  expect((await call('/v1/markets/PAST-26NOV22-NEW/orderbook?stale=allow')).status).toBe(503)
  const answer = await call(`/v1/markets/PAST-26NOV22-NEW/orderbook?at=${at(50)}`)
  expect(answer.status).toBe(404)
  expect(errorOf(answer)).toMatchObject({
    code: 'range_not_covered',
    covered: { from_ts: null, through_ts: null },
  })
})

test('what is sealed answers as what is hot does, and so do both together', async () => {
  const log = [
    snapshot(seq(0), 0, 'first'),
    delta(1, 10, 1200, 200),
    delta(2, 20, 0, -1200),
    delta(3, 30, 300, 300),
    delta(4, 40, 500, 200),
  ]
  const hot = await storeMarket('PAST-26NOV22-HOT')
  await storeRecords(hot, log)
  const both = await storeMarket('PAST-26NOV22-BOTH')
  const opening = foldRecords({ kind: 'new' }, log.slice(0, 2))
  await storeSegment(both, { openUs: at(0), opening: { kind: 'new' }, records: log.slice(0, 2) })
  await storeSegment(both, { openUs: at(10), opening, records: log.slice(2, 4) })
  // The last segment is still in hot rows too; the first no longer.
  await storeRecords(both, log.slice(2))
  const books = (name: string) => `/v1/markets/PAST-26NOV22-${name}`
  const queries = [0, 5, 10, 15, 20, 30, 35, 40, 50].map((seconds) => `at=${at(seconds)}`)
  for (const query of [...queries, ...log.map((record) => `at_seq=${record.seq}`)]) {
    const told = await dataOf<object>(`${books('BOTH')}/orderbook?${query}`)
    expect(told).toEqual({
      ...(await dataOf<object>(`${books('HOT')}/orderbook?${query}`)),
      ticker: 'PAST-26NOV22-BOTH',
    })
  }
  for (const query of ['', '?limit=2', `?from=${at(10)}&to=${at(40)}`, `?after_seq=${seq(1)}`]) {
    const rows = await dataOf(`${books('BOTH')}/deltas${query}`)
    expect(rows).toEqual(await dataOf(`${books('HOT')}/deltas${query}`))
  }
  const [before, last] = await Promise.all(
    ['HOT', 'BOTH'].map((name) => dataOf<{ covered: unknown }>(books(name))),
  )
  expect(last?.covered).toEqual(before?.covered)
})
