import { afterEach, expect, test } from 'vitest'
import type { Entry, TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import { decodeFrame } from '#core/kalshi/decode'
import type { Trade } from '#core/trade'
import { KalshiRest } from '../../collector/kalshi-rest.ts'
import { type RefillOptions, TradeRefiller } from '../../collector/trade-refill.ts'
import { tradeOfFrame } from '../../collector/trades.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { type Connection, connect } from '../simulator/connection.ts'
import { until } from '../until.ts'

const clock = () => (Date.now() * 1000) as Micros
const keyOf = ({ market, tradeId }: Trade) => `${market} ${tradeId}`

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function openExchange(): Promise<Exchange> {
  const exchange = await startExchange({ markets: 12, seed: 5, paused: true })
  stops.push(() => exchange.close())
  return exchange
}

/** A refiller whose spool is a list. */
function openRefiller(
  exchange: Exchange,
  over: Partial<RefillOptions> = {},
  open: readonly TradeHole[] = [],
) {
  const { keyId, privateKeyPem: privateKey } = exchange
  const rest = new KalshiRest(exchange.restUrl, { keyId, privateKey }, 10_000)
  const spool: Entry[] = []
  const refiller = new TradeRefiller(
    {
      trades: (query) => rest.trades(query),
      append: (entries) => {
        spool.push(...entries)
      },
      keeps: () => true,
      clock,
      marginMs: 200,
      againMs: 20,
      ...over,
    },
    open,
  )
  refiller.start()
  stops.push(async () => {
    rest.close()
    await refiller.stop()
  })
  const trades = () => spool.flatMap((entry) => (entry.kind === 'trade' ? [entry.trade] : []))
  const holes = () => spool.flatMap((entry) => (entry.kind === 'trade_hole' ? [entry.hole] : []))
  return { refiller, spool, trades, holes }
}

/** Every trade that the exchange has had, as its stream tells them. */
async function listen(exchange: Exchange): Promise<{ trades(): Trade[]; connection: Connection }> {
  const connection = await connect(exchange)
  stops.push(async () => connection.ws.terminate())
  await connection.ask({ cmd: 'subscribe', params: { channels: ['trade'] } })
  const trades = () =>
    connection.texts.flatMap((text) => {
      const frame = decodeFrame(text)
      return frame.kind === 'trade' ? (tradeOfFrame(frame, clock()) ?? []) : []
    })
  return { trades, connection }
}

test('what the stream missed is filled in from REST, each trade as the stream told it to others', async () => {
  const exchange = await openExchange()
  const all = await listen(exchange)
  const { refiller, trades, holes } = openRefiller(exchange)
  const from = clock()
  refiller.lost(from)
  exchange.step(15_000)
  const at = clock()
  refiller.resumed(at)
  await until('the hole is filled', () => refiller.holes.length === 0)
  await all.connection.settled()

  const told = new Map(all.trades().map((trade) => [keyOf(trade), trade]))
  expect(told.size).toBeGreaterThan(1500)
  const filled = trades()
  expect(filled.map(keyOf).sort()).toEqual([...told.keys()].sort())
  for (const trade of filled) {
    const { recv: _, source, ...same } = trade
    expect(source).toBe('refill')
    expect(told.get(keyOf(trade))).toMatchObject(same)
  }
  expect(holes()).toEqual([
    { from, to: null, filled: null },
    { from, to: at, filled: null },
    { from, to: at, filled: expect.any(Number) },
  ])
})

test('while REST is away the hole stays told, and it is filled when REST is back', async () => {
  const exchange = await openExchange()
  let away = true
  let asked = 0
  const { keyId, privateKeyPem: privateKey } = exchange
  const rest = new KalshiRest(exchange.restUrl, { keyId, privateKey }, 10_000)
  const { refiller, trades, holes } = openRefiller(exchange, {
    trades: (query) => {
      asked += 1
      return away ? Promise.reject(new Error('away')) : rest.trades(query)
    },
  })
  refiller.lost(clock())
  exchange.step(2000)
  refiller.resumed(clock())
  await until('it was asked twice', () => asked > 1)
  expect(refiller.holes).toHaveLength(1)
  expect(holes().every(({ filled }) => filled === null)).toBe(true)
  away = false
  await until('the hole is filled', () => refiller.holes.length === 0)
  expect(trades().length).toBeGreaterThan(100)
  expect(holes().at(-1)?.filled).not.toBe(null)
})

test('a trade that is listed late is found by the second asking, and the others come once', async () => {
  const exchange = await openExchange()
  exchange.step(2000)
  const { keyId, privateKeyPem: privateKey } = exchange
  const rest = new KalshiRest(exchange.restUrl, { keyId, privateKey }, 10_000)
  let first = true
  const { refiller, trades } = openRefiller(exchange, {
    trades: async (query) => {
      const page = await rest.trades(query)
      const late = first ? page.trades.slice(3) : page.trades
      first = false
      return { ...page, trades: late }
    },
  })
  refiller.lost((clock() - 5_000_000) as Micros)
  refiller.resumed(clock())
  await until('the hole is filled', () => refiller.holes.length === 0)
  const keys = trades().map(keyOf)
  expect(new Set(keys).size).toBe(keys.length)
  const { trades: listed } = await rest.trades({ minTs: 0, maxTs: 4_000_000_000 })
  expect(keys.length).toBe(listed.length)
})

test('holes of the run before are filled, and one that it left open ends when the channel is back', async () => {
  const exchange = await openExchange()
  exchange.step(2000)
  const now = clock()
  const stored: TradeHole[] = [
    { from: (now - 9_000_000) as Micros, to: (now - 8_000_000) as Micros, filled: null },
    { from: (now - 3_000_000) as Micros, to: null, filled: null },
  ]
  const { refiller, trades, holes } = openRefiller(exchange, {}, stored)
  refiller.lost(now)
  refiller.resumed(now)
  await until('both are filled', () => refiller.holes.length === 0)
  expect(trades().length).toBeGreaterThan(100)
  expect(holes().map(({ from, filled }) => [from, filled !== null])).toEqual([
    [stored[1]?.from, false],
    [stored[0]?.from, true],
    [stored[1]?.from, true],
  ])
})

test('a row that cannot be read is set aside once, a market that is not recorded left out', async () => {
  const exchange = await openExchange()
  const rows = (ticker: string, id: string) => ({
    trade_id: id,
    ticker,
    count_fp: '1.00',
    yes_price_dollars: '0.4200',
    no_price_dollars: '0.5800',
    taker_outcome_side: 'yes',
    created_time: '2026-11-22T10:00:00.123456Z',
    is_block_trade: false,
  })
  const { refiller, spool } = openRefiller(exchange, {
    trades: async () => ({
      trades: [rows('KXRAIN-A', 'a'), { odd: true }, rows('KXMVE-1', 'b')],
      cursor: null,
    }),
    keeps: (market) => !market.startsWith('KXMVE'),
  })
  refiller.lost((clock() - 2_000_000) as Micros)
  refiller.resumed(clock())
  await until('the hole is filled', () => refiller.holes.length === 0)
  expect(spool.map((entry) => entry.kind)).toEqual([
    'trade_hole',
    'trade_hole',
    'trade',
    'aside',
    'trade_hole',
  ])
  const aside = spool.find((entry) => entry.kind === 'aside')
  expect(aside).toMatchObject({ aside: { kind: 'malformed', text: '{"odd":true}' } })
})

test('a list whose cursor turns in a circle fills no hole', async () => {
  const exchange = await openExchange()
  let asked = 0
  const { refiller, holes } = openRefiller(exchange, {
    trades: async () => {
      asked += 1
      return { trades: [], cursor: 'again' }
    },
  })
  refiller.lost(clock())
  refiller.resumed(clock())
  await until('it was tried again', () => asked > 4)
  expect(holes().every(({ filled }) => filled === null)).toBe(true)
})

test('a loss while a hole is being filled keeps it open until all of it was asked for', async () => {
  const exchange = await openExchange()
  exchange.step(500)
  let pages = 0
  const { refiller, holes } = openRefiller(exchange, {
    trades: async () => {
      pages += 1
      if (pages === 1) refiller.lost(clock())
      return { trades: [], cursor: null }
    },
  })
  const from = (clock() - 2_000_000) as Micros
  refiller.lost(from)
  refiller.resumed((clock() - 1_000_000) as Micros)
  await until('it was lost again', () => pages > 0 && holes().at(-1)?.to === null)
  expect(refiller.holes).toEqual([{ from, to: null, filled: null }])
  const at = clock()
  refiller.resumed(at)
  await until('the hole is filled', () => refiller.holes.length === 0)
  expect(holes().at(-1)).toMatchObject({ from, to: at })
})
