import { expect, test } from 'vitest'
import { startExchange } from '../../simulator/exchange.ts'
import { connect, type Frame } from './connection.ts'
import { fold } from './fold.ts'

const options = { load: true, markets: 40, levels: 20, rate: 20_000, paused: true, seed: 5 }

/** The frames of one connection's books, in order. */
const booksOf = (frames: readonly Frame[]) => frames.filter(({ sid }) => sid === 1)

test('a load tells each connection its share, numbered and whole, and its books stay true', async () => {
  const exchange = await startExchange(options)
  const tickers = exchange.tickers()
  const clients = await Promise.all([connect(exchange), connect(exchange)])
  await clients[0]?.subscribe(tickers.slice(0, 10))
  await clients[1]?.subscribe(tickers.slice(10), { use_yes_price: false })
  const add = { sids: [1], action: 'add_markets', market_tickers: tickers.slice(10, 20) }
  await clients[0]?.ask({ cmd: 'update_subscription', params: add })
  exchange.start()
  for (const client of clients) await client.next(({ seq }) => (seq ?? 0) > 500)
  exchange.pause()
  for (const client of clients) await client.settled()
  for (const client of clients) {
    const seqs = booksOf(client.frames).map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, i) => i + 1))
  }
  const books = new Map([
    ...fold(clients[0]?.frames.filter(({ type }) => type !== 'ok') ?? []),
    ...fold(clients[1]?.frames ?? []),
  ])
  expect(books).toEqual(exchange.books())
  for (const { yes, no } of books.values()) {
    const sum = Number(yes[0]?.[0] ?? 0) + Number(no[0]?.[0] ?? 0)
    expect(sum).toBeLessThan(1)
    expect([yes.length, no.length].every((depth) => depth >= 1 && depth <= 14)).toBe(true)
  }
  await exchange.close()
})

test('a load’s deltas bear the time, and mostly leave the best price as it is', async () => {
  const exchange = await startExchange({ ...options, skew: 0 })
  const client = await connect(exchange)
  await client.subscribe(exchange.tickers())
  const bests = () =>
    [...exchange.books().values()].map(({ yes, no }) => `${yes[0]?.[0]} ${no[0]?.[0]}`)
  let moved = 0
  for (let i = 0; i < 400; i += 1) {
    const before = bests()
    exchange.step(1)
    if (bests().some((each, market) => each !== before[market])) moved += 1
  }
  await client.settled()
  expect(moved).toBeLessThan(40)
  const deltas = client.frames.filter(({ type }) => type === 'orderbook_delta')
  expect(deltas.length).toBeGreaterThan(390)
  for (const { msg } of deltas) {
    expect(msg.ts).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{5}7Z$/)
    expect(Math.abs((msg.ts_ms ?? 0) - Date.parse(msg.ts ?? ''))).toBeLessThan(1)
    expect(Math.abs((msg.ts_ms ?? 0) - Date.now())).toBeLessThan(60_000)
  }
  await exchange.close()
})

test('a load trades when asked to, pauses a market, and settles one with an empty book', async () => {
  const exchange = await startExchange({ ...options, markets: 4, trades: 500 })
  const client = await connect(exchange)
  const [paused = '', settled = ''] = exchange.tickers()
  const channels = ['orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2']
  const params = { channels, market_tickers: exchange.tickers() }
  client.send({ id: 1, cmd: 'subscribe', params })
  await client.next(({ type, msg }) => type === 'subscribed' && msg.sid === 4)
  exchange.life.pause(paused)
  exchange.life.close(settled)
  exchange.life.determine(settled, 'yes')
  exchange.life.settle(settled)
  exchange.start()
  await client.nextOf('trade')
  await client.nextOf('ticker')
  exchange.pause()
  await client.settled()
  expect(fold(booksOf(client.frames))).toEqual(exchange.books())
  expect(exchange.books().get(settled)).toEqual({ yes: [], no: [] })
  const traded = client.frames.filter(
    ({ type, msg }) => type === 'orderbook_delta' && msg.market_ticker === paused,
  )
  expect(traded).toEqual([])
  await exchange.close()
})

test('the same books have the same checksums, other books others', async () => {
  const exchange = await startExchange(options)
  const before = exchange.checksums()
  expect(Object.keys(before)).toEqual(exchange.tickers())
  expect(exchange.checksums()).toEqual(before)
  exchange.step(200)
  expect(exchange.checksums()).not.toEqual(before)
  await exchange.close()
})

test('a load’s pace can be changed while it runs', async () => {
  const exchange = await startExchange({ ...options, rate: 0 })
  const client = await connect(exchange)
  await client.subscribe(exchange.tickers())
  exchange.start()
  expect(exchange.stats.deltas).toBe(0)
  exchange.setRate(5000)
  await client.nextOf('orderbook_delta')
  await exchange.close()
})
