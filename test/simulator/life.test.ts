import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { type Connection, connect, type Frame } from './connection.ts'
import { fold } from './fold.ts'

let exchange: Exchange
let client: Connection
let ticker: string

beforeEach(async () => {
  exchange = await startExchange({ markets: 6, paused: true })
  ticker = exchange.tickers()[0] ?? ''
  client = await connect(exchange)
  const channels = ['market_lifecycle_v2', 'orderbook_delta']
  client.send({ id: 1, cmd: 'subscribe', params: { channels, market_tickers: exchange.tickers() } })
  await client.next((each) => each.type === 'subscribed' && each.msg.sid === 2)
  await client.settled()
})
afterEach(() => exchange.close())

const said = (sid: number): Frame[] => client.frames.filter((each) => each.sid === sid)

async function status(): Promise<unknown> {
  const answer = await fetch(`${exchange.restUrl}/markets/${ticker}`)
  return ((await answer.json()) as { market: { status: string } }).market.status
}

test('a new market is told with its event, then opens without a word', async () => {
  const now = Date.now() * 1000
  const made = 'KXNEW-27JAN01-T1.5'
  const times = { createdUs: now, openUs: now + 60_000_000, closeUs: now + 3_600_000_000 }
  const id = '11111111-2222-4333-8444-555555555555'
  exchange.life.create({ ticker: made, id, structure: 'deci_cent', ...times })
  ticker = made
  expect(await status()).toBe('initialized')
  exchange.life.open(made)
  await client.settled()
  expect(await status()).toBe('active')
  const [event, market, ...rest] = said(1)
  expect(rest).toEqual([])
  expect(event).toMatchObject({ type: 'event_lifecycle', seq: 1, msg: { series_ticker: 'KXNEW' } })
  expect(market).toMatchObject({
    type: 'market_lifecycle_v2',
    seq: 2,
    msg: {
      event_type: 'created',
      market_ticker: made,
      open_ts: Math.floor(times.openUs / 1_000_000),
      close_ts: Math.floor(times.closeUs / 1_000_000),
      price_level_structure: 'deci_cent',
      price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0010' }],
      additional_metadata: { event_ticker: 'KXNEW-27JAN01', floor_strike: 1.5 },
    },
  })
  await client.subscribe([made])
  expect(await client.nextOf('orderbook_snapshot')).toMatchObject({ msg: { market_id: id } })
})

test('a pause keeps the book and stops trading; resuming cancels every order', async () => {
  const before = exchange.books().get(ticker)
  exchange.life.pause(ticker)
  exchange.step(300)
  expect(await status()).toBe('inactive')
  expect(exchange.books().get(ticker)).toEqual(before)
  exchange.life.resume(ticker)
  await client.settled()
  expect(await status()).toBe('active')
  expect(exchange.books().get(ticker)).toEqual({ yes: [], no: [] })
  expect(fold(said(2))).toEqual(exchange.books())
  expect(said(1).map(({ msg }) => [msg.event_type, msg.is_deactivated])).toEqual([
    ['deactivated', true],
    ['activated', false],
  ])
})

test('closing is not told but drains the book; result, payment and an empty snapshot follow', async () => {
  exchange.life.close(ticker)
  await client.settled()
  expect(await status()).toBe('closed')
  expect(said(1)).toEqual([])
  expect(exchange.books().get(ticker)).toEqual({ yes: [], no: [] })
  exchange.life.determine(ticker, 'no')
  expect(await status()).toBe('determined')
  exchange.life.settle(ticker)
  expect(await status()).toBe('finalized')
  await client.settled()
  expect(said(1).map(({ seq, msg }) => [seq, msg.event_type, msg.settlement_value])).toEqual([
    [1, 'determined', '0.0000'],
    [2, 'settled', undefined],
  ])
  const last = said(2).at(-1)
  expect(last).toMatchObject({ type: 'orderbook_snapshot', msg: { market_ticker: ticker } })
  expect(Object.keys(last?.msg ?? {})).toEqual(['market_ticker', 'market_id'])
  expect(last?.msg.market_id).not.toBe('')
})

test('a closed market that gets a later closing time trades again', async () => {
  exchange.life.close(ticker)
  exchange.life.redate(ticker, Date.now() * 1000 + 3_600_000_000)
  await client.settled()
  expect(await status()).toBe('active')
  expect(said(1).map(({ msg }) => msg.event_type)).toEqual(['close_date_updated', 'activated'])
})

test('a grid is refined while the market trades and its orders stay', async () => {
  const before = exchange.books().get(ticker)
  exchange.life.refine(ticker, 'deci_cent')
  await client.settled()
  expect(exchange.books().get(ticker)).toEqual(before)
  expect(said(1)[0]).toMatchObject({
    msg: {
      event_type: 'price_level_structure_updated',
      price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0010' }],
    },
  })
  exchange.step(500)
  await client.settled()
  expect(fold(said(2))).toEqual(exchange.books())
})

test('what cannot happen to a market is refused', () => {
  expect(() => exchange.life.settle(ticker)).toThrow('is active')
  expect(() => exchange.life.resume(ticker)).toThrow('is active')
  expect(() => exchange.life.pause('KXNONE')).toThrow('not listed')
})
