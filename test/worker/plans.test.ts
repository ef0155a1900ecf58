import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BookRecord } from '#core/log'
import { must, price, seq, us } from '../core/arbitraries.ts'
import { call } from './api.ts'
import { asOwner, setWatermark, storeMarket, storeSegment } from './store.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
/** Long ago, and the sixth day is the last that was recorded. */
const START = Date.UTC(2026, 2, 2) * 1000
const at = (days: number, hours = 0) => us(START + days * DAY + hours * HOUR)
const T = 'PLANS-26MAR02-T1'
const OTHERS = 400

/** Every six hours a run begins with a snapshot, and goes on with a record a minute. */
function recordsFrom(nth: number): BookRecord[] {
  return Array.from({ length: 30 }, (_, i) => {
    const stamp = { seq: seq(nth * 100 + i), recv: us(START + nth * 6 * HOUR + i * 60_000_000) }
    if (i === 0) {
      return { kind: 'snapshot', ...stamp, event: null, reason: 'exchange', yes: [], no: [] }
    }
    const level = { side: 'yes', price: price(10_000 * i), change: 100, size: 100 }
    return { kind: 'delta', ...stamp, event: null, ...level } as BookRecord
  })
}

/** Each by itself, as one that asks for much is given up after ten seconds. */
async function fill(id: number): Promise<void> {
  const others = (sql: Sql) => sql`(
    select id from kb.markets where event_ticker ~ '^PLANS\\d{1,3}-' and ticker like '%T1' and id <> ${id})`
  const all = (sql: Sql) => sql`(select id from ${others(sql)} o union all select ${id}::int4)`
  const steps: ((sql: Sql) => PromiseLike<unknown>)[] = [
    (sql) => sql`
      insert into kb.series (ticker, title, raw, updated_us)
      select 'PLANS' || n, 'A series', '{}', 1 from generate_series(1, ${10 * OTHERS}) n`,
    (sql) => sql`
      insert into kb.events (ticker, series_ticker, title, raw, updated_us)
      select 'PLANS' || n || '-26MAR02', 'PLANS' || n, 'An event', '{}', 1 from generate_series(1, ${10 * OTHERS}) n`,
    (sql) => sql`
      insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw, first_seen_us, updated_us)
      select 'PLANS' || n || '-26MAR02-T' || i, 'PLANS' || n || '-26MAR02', 'PLANS' || n, 'A question', 'binary',
        case when n % 50 = 0 then 'active' else 'finalized' end, '{}', ${START}::int8, 1
      from generate_series(1, ${10 * OTHERS}) n, generate_series(1, 10) i`,
    (sql) => sql`
      insert into kb.book_segments select o.id, first_us, first_seq, last_seq, last_us, records, deltas, data
      from kb.book_segments s, ${others(sql)} o where s.market_id = ${id}`,
    (sql) => sql`
      insert into kb.sealed_logs select o.id, first_us, first_seq, last_seq, last_us, state
      from kb.sealed_logs s, ${others(sql)} o where s.market_id = ${id}`,
    (sql) => sql`
      insert into kb.book_deltas (market_id, seq, recv_us, kind, side, price, change, size)
      select id, 2329 + n, ${at(5, 20)} + n * 120000000::int8, 1, 0, 10000, 100, 100 + 100 * n
      from ${all(sql)} o, generate_series(1, 100) n`,
    (sql) => sql`
      insert into kb.trades (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
      select id, ${START}::int8 + n * ${HOUR}::int8, 1, id || '-' || n, 420000, 100, 0, false, 0
      from ${all(sql)} o, generate_series(0, 143) n`,
    (sql) => sql`
      insert into kb.candle_quotes (market_id, start_us, bid_price, bid_size, gap_us)
      select id, ${START}::int8 + n * ${HOUR}::int8, 420000, 100, 0
      from ${all(sql)} o, generate_series(0, 143) n`,
    (sql) => sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us)
      select id, 200000 + n, 'cut', us, us + 1, us + 1
      from ${all(sql)} o, generate_series(0, 59) n,
        lateral (select ${START}::int8 + n * ${HOUR}::int8 + 2000000000 as us) t`,
    (sql) => sql`
      insert into kb.lifecycle (market_id, kind, at_us, recv_us, source, detail)
      select id, 'status', ${START}::int8 + n, ${START}::int8 + n, 'rest', '{}'
      from ${all(sql)} o, generate_series(0, 19) n`,
    (sql) => sql`
      insert into kb.settlements select id, 0, 'yes', '1.00', 1, 1, 1, 'rest' from ${all(sql)} o`,
    (sql) => sql`analyze`,
  ]
  for (const step of steps) {
    await asOwner((sql) =>
      sql.begin(async (tx) => {
        // What keeps the search up to date would take longer than all else.
        await tx`set local session_replication_role = replica`
        await step(tx as unknown as Sql)
      }),
    )
  }
}

async function clear(): Promise<void> {
  await asOwner(
    (sql) => sql`
      truncate kb.series, kb.events, kb.markets, kb.book_segments, kb.sealed_logs, kb.book_deltas, kb.trades,
        kb.candle_quotes, kb.book_gaps, kb.lifecycle, kb.settlements`,
  )
}

beforeAll(async () => {
  await clear()
  const id = await storeMarket(T)
  await asOwner(async (sql) => {
    await sql`update kb.markets set first_seen_us = ${START} where id = ${id}`
    await sql`select kb.make_segment_partitions(${START}::int8, 6)`
    await sql`select kb.make_trade_partitions(${START}::int8, 6)`
    await sql`select kb.make_book_partitions(${at(5, 20)}::int8, 4)`
  })
  for (let n = 0; n < 24; n++) {
    const records = recordsFrom(n)
    await storeSegment(id, { openUs: must(records[0]).recv, opening: { kind: 'new' }, records })
  }
  await fill(id)
  await setWatermark(at(6))
}, 120_000)

// The files after this one count what they find.
afterAll(clear)

/** What has grown with each row stored: none of it is ever to be read from end to end. */
const LARGE =
  /^(?:book_segments|book_deltas|trades|candle_quotes)_\d|^(?:book_gaps|markets|events|series|lifecycle|settlements|sealed_logs)$/

type Touched = { readonly scanned: string[]; readonly probed: string[] }

/** How often Postgres has scanned each table, and probed an index of each. */
async function counters(): Promise<Map<string, number>> {
  return asOwner(async (sql) => {
    for (;;) {
      // What a connection did is counted at the latest when it is over.
      const [row] = await sql`
        select count(*)::int as n from pg_stat_activity
        where usename in ('kb_reader', 'kb_account', 'cached_reader')
          and datname = current_database()`
      if (row?.['n'] === 0) break
      await sql`select pg_sleep(0.02)`
    }
    await sql`select pg_stat_clear_snapshot()`
    const rows = await sql`
      select relname, coalesce(seq_scan, 0)::int as scans, coalesce(idx_scan, 0)::int as probes
      from pg_stat_user_tables where schemaname = 'kb'`
    return new Map(
      rows.flatMap((row) => [
        [`scan ${row['relname']}`, Number(row['scans'])] as const,
        [`probe ${row['relname']}`, Number(row['probes'])] as const,
      ]),
    )
  })
}

/** Calls the Worker and tells of which large tables anything was read: of all functions, whatever they execute. */
async function touchedBy(path: string): Promise<Touched> {
  const before = await counters()
  const answer = await call(path)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  const after = await counters()
  const grown = (kind: string) =>
    [...after].flatMap(([key, count]) => {
      const [word, name = ''] = key.split(' ')
      const more = count > (before.get(key) ?? 0)
      return more && word === kind && LARGE.test(name) ? [name] : []
    })
  return { scanned: grown('scan').sort(), probed: grown('probe').sort() }
}

/** The partitions of a table among those that were touched. */
const partsOf = ({ probed }: Touched, table: string) =>
  probed.filter((name) => name.startsWith(`${table}_2`)).map((name) => name.slice(table.length + 1))

const market = `/v1/markets/${T}`

test('a past book touches one partition of segments and no hour but those in question', async () => {
  const touched = await touchedBy(`${market}/orderbook?at=${at(2, 13)}`)
  expect(touched.scanned).toEqual([])
  expect(partsOf(touched, 'book_segments')).toEqual(['20260304'])
  expect(partsOf(touched, 'book_deltas')).toEqual([])
  const hot = await touchedBy(`${market}/orderbook?at=${at(5, 20) + 600_000_000}`)
  expect(hot.scanned).toEqual([])
  expect(partsOf(hot, 'book_segments')).toEqual(['20260307'])
  expect(partsOf(hot, 'book_deltas')).toEqual(['20260307t20'])
})

test('many past books touch no more than one', async () => {
  const tickers = Array.from({ length: 50 }, (_, n) => `PLANS${n + 1}-26MAR02-T1`).join(',')
  const touched = await touchedBy(`/v1/orderbooks?tickers=${tickers}&at=${at(2, 13)}`)
  expect(touched.scanned).toEqual([])
  expect(partsOf(touched, 'book_segments')).toEqual(['20260304'])
  expect(partsOf(touched, 'book_deltas')).toEqual([])
})

/** The days of the range from 4 to 5 March, and the first of the log, as it is looked up when that began. */
const DAYS = ['20260302', '20260304', '20260305']

test.each([['/deltas'], ['/bbo'], ['/trades'], ['/candles?interval=1h']])(
  '%s of a range touch the days of the range',
  async (path) => {
    const joint = path.includes('?') ? '&' : '?'
    const touched = await touchedBy(`${market}${path}${joint}from=${at(2, 6)}&to=${at(3, 13)}`)
    expect(touched.scanned).toEqual([])
    for (const table of ['book_segments', 'trades', 'candle_quotes']) {
      const other = partsOf(touched, table).filter((day) => !DAYS.includes(day))
      expect(other, table).toEqual([])
    }
  },
)

test.each([
  [`${market}`],
  [`${market}/gaps`],
  [`${market}/gaps?from=${at(2)}&to=${at(3)}`],
  [`${market}/lifecycle`],
  [`${market}/settlements`],
  [`${market}/coverage`],
  ['/v1/markets?limit=5'],
  ['/v1/markets?status=active&limit=5'],
  ['/v1/markets?series=PLANS7&limit=5'],
  ['/v1/markets?event=PLANS7-26MAR02&limit=5'],
  ['/v1/events?limit=5'],
  ['/v1/events?series=PLANS7&limit=5'],
  ['/v1/events/PLANS7-26MAR02'],
  ['/v1/series?limit=5'],
  ['/v1/series/PLANS7'],
  [`/v1/trades?from=${at(2, 6)}&to=${at(2, 7)}&limit=5`],
])('%s reads no large table from end to end', async (path) => {
  expect((await touchedBy(path)).scanned).toEqual([])
})

test('the status counts no more than it must', async () => {
  const touched = await touchedBy('/v1/status')
  expect(touched.scanned.filter((name) => name !== 'markets')).toEqual([])
})
