import { afterAll, beforeAll, expect, test } from 'vitest'
import { printInstant } from '#core/instant'
import type { BookRecord } from '#core/log'
import type { Opening } from '#core/segment'
import { foldRecords } from '#core/segment-fold'
import { must, price, seq, us } from '../core/arbitraries.ts'
import { call, dataOf, errorOf } from './api.ts'
import { asOwner, setWatermark, storeGap, storeMarket, storeSegment } from './store.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
const START = Date.UTC(2026, 0, 5) * 1000
const at = (days: number, hours = 0) => us(START + days * DAY + hours * HOUR)
const T = 'KEPT-26JAN05-T1'
const OVER = 'KEPT-26JAN05-T2'
/** The days from this one on are kept. */
const KEPT = at(2)
const market = `/v1/markets/${T}`

/** The record of a day's noon. */
function noon(day: number): BookRecord {
  const stamp = { seq: seq(day), recv: at(day, 12), event: null }
  if (day === 0) return { kind: 'snapshot', ...stamp, reason: 'first', yes: [], no: [] }
  const level = { side: 'yes' as const, price: price(100_000 * day) }
  return { kind: 'delta', ...stamp, ...level, change: 100, size: 100 } as BookRecord
}

beforeAll(async () => {
  await asOwner(async (sql) => {
    await sql`truncate kb.book_deltas, kb.sealed_logs, kb.retention`
    await sql`select kb.make_segment_partitions(${START}::int8, 5)`
    await sql`select kb.make_trade_partitions(${START}::int8, 5)`
  })
  const [id, over] = [await storeMarket(T), await storeMarket(OVER, 'finalized')]
  let opening: Opening = { kind: 'new' }
  for (let day = 0; day < 5; day++) {
    const records = [noon(day)]
    const openUs = day === 0 ? at(0, 12) : at(day)
    await storeSegment(id, { openUs, opening, records })
    opening = foldRecords(opening, records)
  }
  await storeSegment(over, { openUs: at(0, 12), opening: { kind: 'new' }, records: [noon(0)] })
  const cut = {
    seq: seq(90),
    cause: 'cut',
    from: at(0, 1),
    to: at(0, 2),
    noticed: at(0, 2),
  } as const
  await storeGap(id, { ...cut, prevSeq: null })
  await asOwner(async (sql) => {
    await sql`update kb.sealed_logs set state = 'ended' where market_id = ${over}`
    await sql`
      insert into kb.trades (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
      select ${id}, us, us, 'at ' || us, 420000, 100, 0, false, 0
      from generate_series(${at(0, 1)}::int8, ${at(4, 1)}::int8, ${DAY}::int8) us`
    await sql`
      insert into kb.candle_quotes (market_id, start_us, bid_price, bid_size, gap_us)
      values (${id}, ${at(0, 12)}, 410000, 100, 0), (${id}, ${at(3, 12)}, 430000, 100, 0)`
    await sql`insert into kb.log_begins values (${id}, ${at(0, 12)}), (${over}, ${at(0, 12)})
      on conflict (market_id) do update set first_us = excluded.first_us`
    const keep = Math.floor((Date.now() * 1000 - KEPT) / DAY)
    for (const kind of ['segments', 'trades', 'quotes']) {
      for (;;) {
        const [row] = await sql`select outcome from kb.drop_oldest_day(${kind}, ${keep}::int4)`
        if (row?.['outcome'] === 'young') break
        expect(row?.['outcome'], kind).toBe('dropped')
      }
    }
  })
  await setWatermark(at(5))
})

afterAll(async () => {
  await asOwner((sql) => sql`truncate kb.retention`)
})

test.each([
  [`${market}/orderbook?at=${at(1, 13)}`],
  [`${market}/orderbook?at=${KEPT - 1}`],
  [`${market}/orderbook?at_seq=${seq(0)}`],
  [`${market}/deltas?to=${at(1, 13)}`],
  [`${market}/deltas?from=${at(0, 1)}&to=${KEPT}`],
  [`${market}/gaps?to=${at(1)}`],
  [`${market}/bbo?to=${KEPT}`],
  [`${market}/trades?to=${KEPT}`],
  [`${market}/trades?from=${at(0)}&to=${at(1)}`],
  [`${market}/candles?interval=1h&to=${KEPT}`],
])('%s lies before what is kept: it is not covered, and said since when it is', async (path) => {
  const answer = await call(path)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 404 })
  const { code, covered } = errorOf(answer)
  expect(code).toBe('range_not_covered')
  expect((covered?.from_ts ?? '') >= printInstant(KEPT)).toBe(true)
})

test('in the first kept day a book is answered from its very beginning', async () => {
  const first = await dataOf<object>(`${market}/orderbook?at=${KEPT}`)
  expect(first).toMatchObject({
    status: 'as_of',
    seq: seq(1),
    bids: [['0.1000', '1.00']],
    proof: { opening_seq: seq(0), deltas_applied: 1 },
  })
  const later = await dataOf<object>(`${market}/orderbook?at=${at(2, 12)}`)
  expect(later).toMatchObject({
    seq: seq(2),
    bids: [
      ['0.2000', '1.00'],
      ['0.1000', '1.00'],
    ],
  })
})

test('a market that was over before is not covered at all', async () => {
  for (const at_ of [`?at=${at(3)}`, '']) {
    const answer = await call(`/v1/markets/${OVER}/orderbook${at_}`)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 404 })
    expect(errorOf(answer)).toMatchObject({ code: 'range_not_covered', covered: { from_ts: null } })
  }
})

test('lists begin where what is kept begins', async () => {
  const rows = await dataOf<{ seq: number }[]>(`${market}/deltas`)
  expect(rows.map((row) => row.seq)).toEqual([seq(2), seq(3), seq(4)])
  const trades = await dataOf<{ event_us: number }[]>(`${market}/trades`)
  expect(trades.map((row) => row.event_us)).toEqual([at(2, 1), at(3, 1), at(4, 1)])
  expect(await dataOf(`${market}/gaps`)).toEqual([])
})

test('the first candles that are kept bear the quote from before them', async () => {
  const candles = await dataOf<{ start_us: number; bid: unknown }[]>(
    `${market}/candles?interval=1d`,
  )
  expect(must(candles[0])).toMatchObject({ start_us: KEPT, bid: ['0.4100', '1.00'] })
  expect(candles.map(({ start_us }) => start_us)).toEqual([at(2), at(3), at(4)])
})

test('what is told of a market’s record begins there too', async () => {
  const { covered } = await dataOf<{ covered: { from_ts: string } }>(market)
  expect(covered.from_ts).toBe(printInstant(KEPT))
  const { body } = await call(`${market}/coverage`)
  expect(JSON.stringify(body)).not.toMatch(/2026-01-0[56]T/)
  expect(await dataOf(`/v1/markets/${OVER}/coverage`)).toMatchObject({
    state: 'none',
    first_ts: null,
    last_ts: null,
    last_seq: null,
    days: [],
  })
})
