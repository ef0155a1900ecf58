import type { Sql } from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ensureSegmentPartitions } from '../../collector/store/partitions.ts'
import { type DayOutcome, dropOldDays, type Retention } from '../../collector/store/retention.ts'
import { ensureTradePartitions } from '../../collector/store/trades.ts'
import { us } from '../core/arbitraries.ts'
import { openStore, type Store } from './fixture.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
const MINUTE = 60_000_000
/** Long past: Postgres's own clock says which days have ended. */
const START = Date.UTC(2026, 1, 3) * 1000
const day = (n: number) => us(START + n * DAY)
const MARKET = 7

let store: Store

beforeAll(async () => {
  store = await openStore()
})

beforeEach(async () => {
  await store.clear()
  await store.owner`truncate kb.retention, kb.quotes_before`
  const made = await store.owner`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'kb'::regnamespace and c.relname ~ '_\\d{8}(t\\d\\d)?$'`
  for (const { name } of made) await store.owner.unsafe(`drop table ${name}`)
  await ensureSegmentPartitions(store.collector, day(0), 4)
  await ensureTradePartitions(store.collector, day(0), 4)
})

afterAll(() => store.stop())

/** Keeps the days from this one on. */
function keepFrom(n: number, ...kinds: (keyof Retention)[]): Promise<DayOutcome[]> {
  const days = Math.floor((Date.now() * 1000 - day(n)) / DAY)
  const none = { RETAIN_SEGMENT_DAYS: 0, RETAIN_TRADE_DAYS: 0, RETAIN_QUOTE_DAYS: 0 }
  return dropOldDays(store.collector, {
    ...none,
    ...Object.fromEntries(kinds.map((kind) => [kind, days])),
  })
}

const keepSegmentsFrom = (n: number) => keepFrom(n, 'RETAIN_SEGMENT_DAYS')

/** A segment of no records in each of these days. */
async function storeSegments(days: readonly number[], state = 'known'): Promise<void> {
  for (const n of days) {
    await store.owner`
      insert into kb.book_segments (market_id, first_us, first_seq, last_seq, last_us, records, deltas, data)
      values (${MARKET}, ${day(n)}, 10, 9, ${START}, 0, 0, '')`
  }
  await store.owner`
    insert into kb.sealed_logs (market_id, first_us, first_seq, last_seq, last_us, state)
    values (${MARKET}, ${day(days.at(-1) ?? 0)}, 10, 9, ${START}, ${state})`
}

async function storeQuote(startUs: number, price: number | null, marketId = MARKET): Promise<void> {
  await store.collector`
    insert into kb.candle_quotes (market_id, start_us, bid_price, bid_size, gap_us)
    values (${marketId}, ${startUs}, ${price}, ${price && 100}, 0)`
}

async function storeTrade(eventUs: number, id: string): Promise<void> {
  await store.collector`
    insert into kb.trades (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
    values (${MARKET}, ${eventUs}, ${eventUs}, ${id}, 420000, 100, 0, false, 0)`
}

async function segmentDays(): Promise<number[]> {
  const rows = await store.reader`select first_us from kb.book_segments order by first_us`
  return rows.map((row) => (Number(row['first_us']) - START) / DAY)
}

async function segmentFor(atUs: number): Promise<number | null> {
  const [row] = await store.reader`select first_us from kb.segment_for(${MARKET}, ${atUs}::int8)`
  return row === undefined ? null : (Number(row['first_us']) - START) / DAY
}

async function bidBefore(beforeUs: number, marketId = MARKET): Promise<number | null | 'none'> {
  const [row] = await store.reader`
    select bid_price from kb.quote_before(${marketId}, ${beforeUs}::int8)`
  return row === undefined ? 'none' : row['bid_price']
}

/** From when on all of these kinds are kept, µs. */
async function keptFrom(sql: Sql, ...kinds: readonly string[]): Promise<number> {
  const floors = await Promise.all(kinds.map((kind) => sql`select kb.kept_from(${kind}) as us`))
  return Math.max(...floors.map(([row]) => Number(row?.['us'])))
}
const segmentFloor = () => keptFrom(store.reader, 'segments')

test('days older than what is kept go, oldest first, and the floor rises with them', async () => {
  await storeSegments([0, 1, 2, 3])
  expect(await segmentFloor()).toBe(0)
  expect(await keepSegmentsFrom(2)).toEqual([
    { kind: 'segments', dayUs: day(0), outcome: 'dropped' },
    { kind: 'segments', dayUs: day(1), outcome: 'dropped' },
  ])
  expect(await segmentDays()).toEqual([2, 3])
  expect(await segmentFloor()).toBe(day(2))
  expect(await keepSegmentsFrom(2)).toEqual([])
})

test('without days to keep everything is kept', async () => {
  await storeSegments([0, 1, 2, 3])
  expect(await keepFrom(3)).toEqual([])
  expect(await segmentDays()).toEqual([0, 1, 2, 3])
})

test('a young day, a kind that there is not, and one day alone are refused', async () => {
  const drop = async (kind: string, days: number) => {
    const call = store.collector`select outcome from kb.drop_oldest_day(${kind}, ${days}::int4)`
    return call.then(
      ([row]) => row?.['outcome'],
      (error: { code: string }) => error.code,
    )
  }
  expect(await drop('segments', 36_500)).toBe('young')
  expect(await drop('markets', 30)).toBe('22023')
  expect(await drop('gaps', 30)).toBe('22023')
  expect(await drop('segments', 1)).toBe('22023')
  expect(await drop('segments', 0)).toBe('22023')
  const asReader = store.reader`select kb.drop_oldest_day('segments', 30)`
  await expect(asReader).rejects.toMatchObject({ code: '42501' })
})

test('nothing is found below the floor, and the first kept day answers from its beginning', async () => {
  await storeSegments([0, 1, 2, 3])
  await store.owner`update kb.book_segments set first_us = first_us + 1000 where first_us = ${day(2)}`
  await keepSegmentsFrom(2)
  const at = async (us: number) => {
    const [row] = await store.reader`select first_us from kb.segment_at(${MARKET}, ${us}::int8)`
    return row ?? null
  }
  expect(await at(day(2) - 1)).toBeNull()
  expect(await at(day(2) + 999)).toBeNull()
  expect(await segmentFor(day(2) + 999)).toBeCloseTo(2, 5)
  expect(await segmentFor(day(2) + HOUR)).toBeCloseTo(2, 5)
  expect(await segmentFor(day(3))).toBe(3)
  const [oldest] = await store.reader`select kb.oldest_record_us(${MARKET}) as us`
  expect(Number(oldest?.['us'])).toBe(day(2))
})

test('a day stays while records of it, or of one before, are in no segment', async () => {
  await storeSegments([0, 1, 2, 3])
  await store.collector`select kb.make_book_partitions(${day(1) + 5 * HOUR}::int8, 1)`
  expect((await keepSegmentsFrom(3)).map(({ outcome }) => outcome)).toEqual(['dropped', 'unsealed'])
  await store.owner`select kb.drop_book_partition(${day(1) + 5 * HOUR}::int8, 0, 0)`
  await store.owner`
    insert into kb.book_deltas (market_id, seq, recv_us, kind, reason)
    values (${MARKET}, 11, ${day(1) + 1}, 3, 'settled')`
  expect((await keepSegmentsFrom(3)).map(({ outcome }) => outcome)).toEqual(['unsealed'])
  await store.owner`delete from kb.book_deltas`
  expect((await keepSegmentsFrom(3)).map(({ outcome }) => outcome)).toEqual(['dropped', 'dropped'])
})

test('a day that holds the last segment of an open log stays; that of an ended one goes', async () => {
  await storeSegments([0])
  expect((await keepSegmentsFrom(1)).map(({ outcome }) => outcome)).toEqual(['open'])
  await store.owner`update kb.sealed_logs set state = 'ended'`
  expect((await keepSegmentsFrom(1)).map(({ outcome }) => outcome)).toEqual(['dropped'])
  expect(await segmentFor(day(2))).toBeNull()
})

test('whoever reads is not waited for longer than a moment, and nothing is half done', async () => {
  await storeSegments([0, 1, 2, 3])
  const reader = await store.owner.reserve()
  try {
    await reader`begin`
    await reader`select count(*) from kb.book_segments`
    expect((await keepSegmentsFrom(2)).map(({ outcome }) => outcome)).toEqual(['locked'])
    expect(await segmentFloor()).toBe(0)
  } finally {
    await reader`rollback`
    reader.release()
  }
  expect(await segmentDays()).toEqual([0, 1, 2, 3])
  expect(await keepSegmentsFrom(2)).toHaveLength(2)
})

test('rows of a day that is gone are nowhere, whether they were late before or come late after', async () => {
  await storeSegments([0, 1, 2, 3])
  await storeTrade(day(-3), 'early')
  await storeTrade(day(1), 'old')
  await storeTrade(day(2), 'kept')
  await keepFrom(2, 'RETAIN_SEGMENT_DAYS', 'RETAIN_TRADE_DAYS', 'RETAIN_QUOTE_DAYS')
  await storeTrade(day(1) + 1, 'late')
  await storeTrade(day(5), 'new')
  await storeQuote(day(1), 420_000)
  await storeQuote(day(2), 430_000)
  await store.owner`
    insert into kb.book_segments (market_id, first_us, first_seq, last_seq, last_us, records, deltas, data)
    values (${MARKET}, ${day(1) + 5}, 5, 4, ${START}, 0, 0, '')`
  await store.owner`
    insert into kb.book_deltas (market_id, seq, recv_us, kind, reason)
    values (${MARKET}, 11, ${day(2) - 1}, 3, 'settled'), (${MARKET}, 12, ${day(2)}, 3, 'settled')`
  const [left] = await store.owner`
    select (select array_agg(trade_id order by event_us) from kb.trades) as trades,
      (select array_agg(bid_price) from kb.candle_quotes) as quotes,
      (select array_agg(seq::int) from kb.book_deltas) as seqs`
  expect(left).toEqual({ trades: ['kept', 'new'], quotes: [430_000], seqs: [12] })
  expect(await segmentDays()).toEqual([2, 3])
})

test('the quote that held when the kept days begin is still known', async () => {
  await storeQuote(day(0) + MINUTE, 410_000)
  await storeQuote(day(0) + 2 * MINUTE, 420_000)
  await storeQuote(day(1), null, 8)
  await storeQuote(day(1) + MINUTE, 300_000, 9)
  await storeQuote(day(2) + MINUTE, 310_000, 9)
  await keepFrom(2, 'RETAIN_QUOTE_DAYS')
  expect(await keptFrom(store.reader, 'quotes')).toBe(day(2))
  expect(await bidBefore(day(2))).toBe(420_000)
  expect(await bidBefore(day(3))).toBe(420_000)
  expect(await bidBefore(day(2), 8)).toBeNull()
  expect(await bidBefore(day(2) + MINUTE, 9)).toBe(300_000)
  expect(await bidBefore(day(2) + MINUTE + 1, 9)).toBe(310_000)
  expect(await bidBefore(day(2) - 1)).toBe('none')
  expect(await bidBefore(day(2), 10)).toBe('none')
  await keepFrom(3, 'RETAIN_QUOTE_DAYS')
  expect(await bidBefore(day(3))).toBe(420_000)
  expect(await bidBefore(day(3), 9)).toBe(310_000)
})

test('before anything is dropped the quote before is found however many days lie between', async () => {
  await storeQuote(day(0) + MINUTE, 410_000)
  expect(await bidBefore(day(0) + MINUTE)).toBe('none')
  expect(await bidBefore(day(0) + MINUTE + 1)).toBe(410_000)
  expect(await bidBefore(day(40))).toBe(410_000)
})

test('the last quote of a market whose log is over is not kept for ever', async () => {
  await storeQuote(day(0) + MINUTE, 410_000)
  await storeSegments([0], 'ended')
  await keepFrom(1, 'RETAIN_QUOTE_DAYS')
  expect(await bidBefore(day(1))).toBe('none')
})

test('a gap goes when neither a book nor a quote that is kept needs it; a hole in the trades with them', async () => {
  const gap = (seq: number, toUs: number | null) => store.owner`
    insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us)
    values (${MARKET}, ${seq}, 'cut', ${day(0)}, ${toUs}, ${day(0)})`
  await gap(1, day(1))
  await gap(2, day(2) + 1)
  await gap(3, null)
  await store.owner`
    insert into kb.trade_holes values (${day(0)}, ${day(1)}, ${day(1)}), (${day(0) + 1}, ${day(1)}, null),
      (${day(0) + 2}, ${day(3)}, ${day(3)})`
  const seqs = async () => {
    const rows = await store.reader`select seq::int from kb.book_gaps order by seq`
    return rows.map(({ seq }) => seq)
  }
  await keepFrom(2, 'RETAIN_SEGMENT_DAYS')
  expect(await seqs()).toEqual([1, 2, 3])
  expect(await keptFrom(store.reader, 'gaps')).toBe(0)
  await keepFrom(2, 'RETAIN_QUOTE_DAYS')
  expect(await seqs()).toEqual([2, 3])
  expect(await keptFrom(store.reader, 'gaps', 'quotes')).toBe(day(2))
  await keepFrom(2, 'RETAIN_TRADE_DAYS')
  const holes = await store.reader`select from_us from kb.trade_holes order by 1`
  expect(holes.map((row) => Number(row['from_us']) - START)).toEqual([1, 2])
})
