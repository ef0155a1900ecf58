import type { Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Micros } from '#core/instant'
import { MOST_MISSED_TRADES } from '#core/missed-trades'
import type { Trade } from '#core/trade'
import { TRADE_LATE_US } from '#core/trade-holes'
import { printTrade } from '#core/wire/trade'
import { type Hold, underLease } from '../../collector/store/lease.ts'
import { ensureTradePartitions, insertTrades } from '../../collector/store/trades.ts'
import { MissedTrades } from '../../worker/live/missed-trades.ts'
import { must, price, size, ticker } from '../core/arbitraries.ts'
import { addMarket, at, NOW, openStore, type Store, take } from './fixture.ts'

const SECOND = 1_000_000
/** Longer than any machine stands still: what is there is found in far less. */
const PATIENCE_MS = 20_000
const MARKETS = ['KXRAIN-26NOV22-A', 'KXRAIN-26NOV22-B', 'KXRAIN-26NOV22-C']

let store: Store
let hold: Hold
const ids = new Map<string, number>()
let missed: MissedTrades
let connections = { now: 0, most: 0 }

beforeAll(async () => {
  store = await openStore()
  hold = await take(store.collector)
  for (const market of MARKETS) ids.set(market, await addMarket(store.collector, hold, market))
  await ensureTradePartitions(store.collector, NOW, 2)
  missed = new MissedTrades(connect, PATIENCE_MS)
})

afterEach(() => store.owner`truncate kb.trades, kb.trade_holes`)

afterAll(() => store.stop())

async function connect<Result>(run: (sql: Sql) => Promise<Result>): Promise<Result> {
  connections.now += 1
  connections.most = Math.max(connections.most, connections.now)
  try {
    return await run(store.reader)
  } finally {
    connections.now -= 1
  }
}

/** The store has all that was received up to an offset, and nothing of before `begins`. */
async function recorded(throughUs: number, begins = -3600 * SECOND): Promise<void> {
  await store.owner`delete from kb.epochs`
  await store.owner`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (0, 1, 'lease', ${at(begins)}, ${at(throughUs)})`
}

function trade(market: string, id: string, offsetUs: number): Trade {
  return {
    market: ticker(market),
    tradeId: id,
    price: price(420_000),
    size: size(8212),
    taker: 'no',
    block: false,
    event: at(offsetUs),
    recv: at(offsetUs + 700),
    source: 'stream',
  }
}

async function storeTrades(...trades: Trade[]): Promise<Trade[]> {
  const rows = trades.map((each) => ({ marketId: must(ids.get(each.market)), trade: each }))
  await underLease(store.collector, hold, (tx) => insertTrades(tx, rows))
  return trades
}

const span = (afterUs: number, untilUs: number) => ({ afterUs: at(afterUs), untilUs: at(untilUs) })
const [A = '', B = '', C = ''] = MARKETS

test('trades of some markets after a moment are told in order, and nothing is missing', async () => {
  await recorded(10 * SECOND)
  const [, second, third, fourth] = await storeTrades(
    trade(A, 'early', -SECOND),
    trade(A, 'x', 2000),
    trade(B, 'y', 2000),
    trade(A, 'z', 3 * SECOND),
    trade(C, 'other', 4 * SECOND),
  )
  const answer = await missed.read([B, A, 'NEVER-A'], span(-SECOND, 10 * SECOND))
  const right = [second, third, fourth].map((each) => printTrade(must(each)))
  expect(answer).toEqual({ trades: right, gaps: [] })
})

test('trades are waited for until the store has all up to the moment of subscription', async () => {
  await recorded(SECOND)
  const answer = missed.read([A], span(0, 5 * SECOND))
  const [late] = await storeTrades(trade(A, 'late', 2 * SECOND))
  await recorded(6 * SECOND)
  expect(await answer).toEqual({ trades: [printTrade(must(late))], gaps: [] })
})

test('what the store does not have in time is a gap, and what it has is told', async () => {
  await recorded(30 * SECOND)
  const [there] = await storeTrades(trade(A, 'there', SECOND))
  const gap = { from_us: at(30 * SECOND) - TRADE_LATE_US, to_us: at(60 * SECOND) }
  const now = vi.spyOn(Date, 'now')
  try {
    const answer = missed.read([A], span(0, 60 * SECOND))
    // The time is over before the store is first looked at: what it has can still be read.
    now.mockReturnValue(Date.now() + PATIENCE_MS)
    expect(await answer).toEqual({ trades: [printTrade(must(there))], gaps: [gap] })
  } finally {
    now.mockRestore()
  }
})

test('a store that is away or silent makes a gap of the whole', async () => {
  const gaps = [{ from_us: at(0), to_us: at(SECOND) }]
  const away = new MissedTrades(() => Promise.reject(new Error('away')))
  expect(await away.read([A], span(0, SECOND))).toEqual({ trades: [], gaps })
  const silent = new MissedTrades(() => new Promise(() => {}), 20)
  expect(await silent.read([A], span(0, SECOND))).toEqual({ trades: [], gaps })
})

test('holes that are not filled are told, and so is the time before the record', async () => {
  await recorded(100 * SECOND, 0)
  await store.owner`
    insert into kb.trade_holes (from_us, to_us, filled_us) values
      (${at(40 * SECOND)}, ${at(41 * SECOND)}, null),
      (${at(50 * SECOND)}, ${at(51 * SECOND)}, ${at(60 * SECOND)}),
      (${at(90 * SECOND)}, null, null)`
  const { gaps } = await missed.read([A], span(-5 * SECOND, 100 * SECOND))
  expect(gaps).toEqual([
    { from_us: at(-5 * SECOND), to_us: at(0) },
    { from_us: at(30 * SECOND), to_us: at(51 * SECOND) },
    { from_us: at(80 * SECOND), to_us: null },
  ])
})

test('of too many the latest are told, and a gap covers the others', async () => {
  await recorded(100 * SECOND)
  const count = MOST_MISSED_TRADES + 50
  await store.owner`
    insert into kb.trades (event_us, recv_us, size, market_id, price, taker, source, block, trade_id)
    select ${NOW}::int8 + i / 2 * 1000, ${NOW}::int8 + i * 1000, 100, ${must(ids.get(A))}, 420000, 0, 0, false, 't' || i
    from generate_series(2, ${count + 1}) i`
  const { trades, gaps } = await missed.read([A], span(0, 100 * SECOND))
  const [first] = trades
  expect(trades.length).toBeGreaterThan(MOST_MISSED_TRADES - 3)
  expect(trades.length).toBeLessThanOrEqual(MOST_MISSED_TRADES)
  expect(trades.at(-1)?.trade_id).toBe(`t${count + 1}`)
  // Times are whole milliseconds: what comes after it is told.
  expect(gaps).toEqual([{ from_us: at(0), to_us: must(first).event_us - 999 }])
})

test('trades of more than a day ago are a gap', async () => {
  const day = 86_400 * SECOND
  await recorded(0, -9 * day)
  const { gaps } = await missed.read([A], span(-2 * day, 0))
  expect(gaps).toEqual([{ from_us: at(-2 * day), to_us: (NOW - day) as Micros }])
})

test('many who come back at once are read by two connections', async () => {
  await recorded(SECOND)
  connections = { now: 0, most: 0 }
  const all = await Promise.all(
    Array.from({ length: 30 }, () => missed.read([A, B], span(0, SECOND))),
  )
  expect(all.every(({ gaps }) => gaps.length === 0)).toBe(true)
  expect(connections.most).toBe(2)
})

test('nothing is asked of nobody, nor of what lies ahead', async () => {
  connections = { now: 0, most: 0 }
  const none = { trades: [], gaps: [] }
  expect(await missed.read([], span(0, SECOND))).toEqual(none)
  expect(await missed.read([A], span(SECOND, 0))).toEqual(none)
  expect(connections.most).toBe(0)
})
