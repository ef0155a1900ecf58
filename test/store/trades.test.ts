import type { Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import type { QuoteMinute } from '#core/quote-minute'
import type { Trade } from '#core/trade'
import { type Hold, underLease } from '../../collector/store/lease.ts'
import { insertQuotes } from '../../collector/store/quotes.ts'
import {
  ensureTradePartitions,
  insertTradeHoles,
  insertTrades,
  openHoles,
} from '../../collector/store/trades.ts'
import { levels, must, price, size, ticker } from '../core/arbitraries.ts'
import { addMarket, at, NOW, openStore, type Store, take } from './fixture.ts'

const MS = 1000
const DAY = 86_400_000_000
const MARKET = 'KXRAIN-26NOV22-A'

let store: Store
let sql: Sql
let hold: Hold
let marketId: number

beforeAll(async () => {
  store = await openStore()
  sql = store.collector
  hold = await take(sql)
  marketId = await addMarket(sql, hold, MARKET)
  await ensureTradePartitions(sql, NOW, 2)
})

afterEach(() => store.owner`truncate kb.trades, kb.trade_holes, kb.candle_quotes`)

afterAll(() => store.stop())

function trade(id: string, offsetUs: number, over: Partial<Trade> = {}): Trade {
  return {
    market: ticker(MARKET),
    tradeId: id,
    price: price(420_000),
    size: size(8212),
    taker: 'no',
    block: false,
    event: at(offsetUs),
    recv: at(offsetUs + 700),
    source: 'stream',
    ...over,
  }
}

const write = (...trades: Trade[]) =>
  underLease(sql, hold, (tx) =>
    insertTrades(
      tx,
      trades.map((each) => ({ marketId, trade: each })),
    ),
  )

const stored = async (): Promise<string[]> => {
  const rows = await store.reader`
    select trade_id, event_us, source from kb.trades
    where market_id = ${marketId} order by event_us, trade_id`
  return rows.map((row) => `${row['trade_id']} ${Number(row['event_us']) - NOW} ${row['source']}`)
}

test('a trade is stored as it was', async () => {
  await write(trade('a"b\\', 0, { block: true, source: 'refill', taker: 'yes' }))
  const [row] = await store.reader`select * from kb.trades`
  expect({ ...row }).toEqual({
    market_id: marketId,
    event_us: String(NOW),
    recv_us: String(at(700)),
    trade_id: 'a"b\\',
    price: 420_000,
    size: '8212',
    taker: 0,
    block: true,
    source: 1,
  })
})

test('a trade that comes again, in one batch or another, from REST or the stream, is one row', async () => {
  await write(trade('a', 0), trade('b', MS), trade('a', 0, { source: 'refill' }))
  await write(trade('b', MS, { source: 'refill' }), trade('c', 2 * MS, { source: 'refill' }))
  await write(trade('c', 2 * MS), trade('a', 0))
  expect(await stored()).toEqual(['a 0 1', 'b 1000 0', 'c 2000 1'])
})

test('the same trade told with another time within a second is one row, another trade of that time is not', async () => {
  await write(trade('a', 0))
  await write(trade('a', MS, { source: 'refill' }), trade('b', 0, { source: 'refill' }))
  expect(await stored()).toEqual(['a 0 0', 'b 0 1'])
  const other = await addMarket(sql, hold, 'KXRAIN-26NOV22-B')
  await underLease(sql, hold, (tx) => insertTrades(tx, [{ marketId: other, trade: trade('a', 0) }]))
  expect(await store.reader`select from kb.trades`).toHaveLength(3)
})

test('writers of the same trades at the same time leave each row once', async () => {
  const all = Array.from({ length: 200 }, (_, i) => trade(`t${i}`, i * MS))
  await Promise.all(Array.from({ length: 4 }, () => write(...all)))
  expect(await store.reader`select from kb.trades`).toHaveLength(200)
})

test('asking whether a trade is there probes the key of the days that matter, and no more', async () => {
  await ensureTradePartitions(sql, (NOW - 5 * DAY) as Micros, 10)
  const many = Array.from({ length: 3000 }, (_, i) => trade(`t${i}`, i * MS - DAY))
  await write(...many)
  await store.owner`analyze kb.trades`
  const before = await scans()
  await write(...many.slice(0, 100))
  const touched = (await scans()).filter(({ relation, reads }) => {
    return reads !== before.find((each) => each.relation === relation)?.reads
  })
  expect(touched.map(({ relation }) => relation)).toEqual(['trades_20261121'])
  expect(touched[0]?.sequential).toBe(
    before.find((each) => each.relation === 'trades_20261121')?.sequential,
  )
})

async function scans() {
  await store.owner`select pg_stat_force_next_flush()`
  await Promise.all(Array.from({ length: 5 }, () => sql`select pg_stat_force_next_flush()`))
  const rows = await store.owner`
    select relname, seq_scan, idx_scan from pg_stat_user_tables
    where schemaname = 'kb' and relname like 'trades\\_%' order by relname`
  return rows.map((row) => ({
    relation: String(row['relname']),
    sequential: String(row['seq_scan']),
    reads: `${row['seq_scan']} ${row['idx_scan']}`,
  }))
}

test('trades of a day without a partition wait in the default one until their own is made', async () => {
  const far = 30 * DAY
  await write(trade('far', far), trade('near', 0))
  const count = async (partition: string) => {
    const [row] = await store.owner.unsafe(`select count(*)::int as n from kb.${partition}`)
    return row?.['n']
  }
  expect(await count('trades_default')).toBe(1)
  expect(await ensureTradePartitions(sql, at(far), 1)).toBe(2)
  expect(await count('trades_default')).toBe(0)
  expect(await count('trades_20261222')).toBe(1)
  expect(await ensureTradePartitions(sql, at(far), 1)).toBe(0)
  expect(await stored()).toEqual(['near 0 0', `far ${far} 0`])
})

test('a partition of a row that no role may read directly holds nothing for a stranger', async () => {
  const [row] = await store.owner`
    select count(*)::int as n from pg_class
    where relnamespace = 'kb'::regnamespace and relkind = 'r' and not relrowsecurity`
  expect(row?.['n']).toBe(0)
  await expect(store.reader`select * from kb.trades_20261122`).rejects.toMatchObject({
    code: '42501',
  })
  await expect(store.reader`insert into kb.trade_holes values (1)`).rejects.toMatchObject({
    code: '42501',
  })
  await expect(store.account`select * from kb.trades`).rejects.toMatchObject({ code: '42501' })
  await expect(sql`update kb.trades set price = 1`).rejects.toMatchObject({ code: '42501' })
})

const holes = (...given: TradeHole[]) => underLease(sql, hold, (tx) => insertTradeHoles(tx, given))

test('of a hole the last word is kept, and those that are not filled are found again', async () => {
  const [a, b] = [at(0), at(100)]
  await holes({ from: a, to: null, filled: null }, { from: b, to: null, filled: null })
  expect(await openHoles(sql)).toEqual([
    { from: a, to: null, filled: null },
    { from: b, to: null, filled: null },
  ])
  await holes(
    { from: a, to: at(50), filled: null },
    { from: a, to: at(50), filled: at(60) },
    { from: b, to: at(200), filled: null },
  )
  expect(await openHoles(sql)).toEqual([{ from: b, to: at(200), filled: null }])
  await holes({ from: b, to: at(200), filled: null })
  const rows = await store.reader`select * from kb.trade_holes order by from_us`
  expect(rows.map((row) => [row['from_us'], row['to_us'], row['filled_us']])).toEqual([
    [String(a), String(at(50)), String(at(60))],
    [String(b), String(at(200)), null],
  ])
})

function quote(over: Partial<QuoteMinute> = {}): QuoteMinute {
  return {
    market: ticker(MARKET),
    start: NOW,
    bid: must(levels([420_000, 900])[0]),
    ask: null,
    openInterest: size(66_618),
    gapUs: 0,
    ...over,
  }
}

const quotes = (...given: QuoteMinute[]) =>
  underLease(sql, hold, (tx) =>
    insertQuotes(
      tx,
      given.map((each) => ({ marketId, quote: each })),
    ),
  )

test('a quote minute is stored once, and of two the one that knew the book for longer', async () => {
  await quotes(quote({ gapUs: 5_000_000, bid: null }), quote({ gapUs: 9_000_000 }))
  await quotes(quote(), quote({ start: at(60_000_000), openInterest: null, gapUs: 60_000_000 }))
  await quotes(quote({ gapUs: 7_000_000, bid: null }))
  const rows = await store.reader`select * from kb.candle_quotes order by start_us`
  expect(rows.map((row) => ({ ...row }))).toEqual([
    {
      market_id: marketId,
      start_us: String(NOW),
      bid_price: 420_000,
      bid_size: '900',
      ask_price: null,
      ask_size: null,
      open_interest: '66618',
      gap_us: 0,
    },
    {
      market_id: marketId,
      start_us: String(at(60_000_000)),
      bid_price: 420_000,
      bid_size: '900',
      ask_price: null,
      ask_size: null,
      open_interest: null,
      gap_us: 60_000_000,
    },
  ])
})

test('nothing to store is no statement', async () => {
  await write()
  await holes()
  await quotes()
  expect(await stored()).toEqual([])
})
