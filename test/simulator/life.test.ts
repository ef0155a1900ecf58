import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { trueTime } from '../../simulator/clock.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { until } from '../until.ts'
import { type Connection, connect, type Frame } from './connection.ts'
import { fold } from './fold.ts'
import { signedHeaders } from './signing.ts'

let exchange: Exchange
let client: Connection
let ticker: string

beforeEach(async () => {
  exchange = await startExchange({ markets: 6, scalars: 1, paused: true, lateMs: 60 })
  ticker = exchange.tickers()[1] ?? ''
  client = await connect(exchange)
  const channels = ['market_lifecycle_v2', 'orderbook_delta']
  client.send({ id: 1, cmd: 'subscribe', params: { channels, market_tickers: exchange.tickers() } })
  await client.next((each) => each.type === 'subscribed' && each.msg.sid === 2)
  await client.settled()
})
afterEach(() => exchange.close())

const said = (sid: number): Frame[] => client.frames.filter((each) => each.sid === sid)

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${exchange.restUrl}${path}`)).json()) as T
}

async function market(): Promise<Record<string, unknown>> {
  return (await get<{ market: Record<string, unknown> }>(`/markets/${ticker}`)).market
}

async function status(): Promise<unknown> {
  return (await market())['status']
}

test('a new market is told with its event, then opens without a word', async () => {
  const now = Date.now() * 1000
  const made = 'KXNEW-27JAN01-T1.5'
  const times = { createdUs: now, openUs: now + 60_000_000, closeUs: now + 3_600_000_000 }
  const id = '11111111-2222-4333-8444-555555555555'
  exchange.life.create({ ticker: made, id, structure: 'deci_cent', shownUs: 0, ...times })
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

test('a new market, its event and its series are unknown to REST for a while', async () => {
  const now = Date.now() * 1000
  const times = { createdUs: now, openUs: now, closeUs: now + 3_600_000_000 }
  const id = '11111111-2222-4333-8444-555555555556'
  const listing = { id, structure: 'linear_cent', ...times }
  const hidden = { shownUs: Number.MAX_SAFE_INTEGER }
  exchange.life.create({ ticker: 'KXLATE-27JAN01-T1', ...listing, ...hidden })
  const paths = ['/markets/KXLATE-27JAN01-T1', '/events/KXLATE-27JAN01', '/series/KXLATE']
  const statuses = () =>
    Promise.all(paths.map(async (path) => (await fetch(`${exchange.restUrl}${path}`)).status))
  expect(await statuses()).toEqual([404, 404, 404])
  expect(await get('/markets?tickers=KXLATE-27JAN01-T1')).toMatchObject({ markets: [] })
  exchange.life.show('KXLATE-27JAN01-T1')
  expect(await statuses()).toEqual([200, 200, 200])
  // Unless it is said otherwise it is known so late as the exchange is told to be.
  const made = exchange.life.create({ ticker: 'KXSOON-27JAN01-T1', ...listing })
  expect(made.shownUs).toBeGreaterThanOrEqual(now + 60_000)
  const asked = async () => (await fetch(`${exchange.restUrl}/markets/${made.ticker}`)).status
  await until('REST knows it', async () => (await asked()) === 200)
  expect(trueTime()).toBeGreaterThanOrEqual(made.shownUs)
})

test('a scalar market ends with a value between', async () => {
  ticker = exchange.tickers()[0] ?? ''
  expect(await market()).toMatchObject({ market_type: 'scalar', result: '' })
  exchange.life.close(ticker)
  expect(() => exchange.life.determine(ticker, 'yes')).toThrow('is scalar')
  exchange.life.determine(ticker, 372_500)
  exchange.life.settle(ticker)
  await client.settled()
  expect(said(1)[0]?.msg).toMatchObject({ result: 'scalar', settlement_value: '0.3725' })
  const ended = { result: 'scalar', settlement_value_dollars: '0.3725', status: 'finalized' }
  expect(await market()).toMatchObject(ended)
})

test('a challenged result is amended, with a frame or by REST alone', async () => {
  exchange.life.close(ticker)
  exchange.life.determine(ticker, 'no')
  exchange.life.dispute(ticker)
  expect(await market()).toMatchObject({ status: 'disputed', result: 'no' })
  exchange.life.amend(ticker, 'yes', false)
  expect(await market()).toMatchObject({ status: 'amended', settlement_value_dollars: '1.0000' })
  const { markets } = await get<{ markets: unknown[] }>('/markets?status=closed')
  expect(markets).toMatchObject([{ ticker }])
  exchange.life.dispute(ticker)
  exchange.life.amend(ticker, 'no')
  exchange.life.settle(ticker)
  await client.settled()
  expect(said(1).map(({ msg }) => [msg.event_type, msg.result])).toEqual([
    ['determined', 'no'],
    ['determined', 'no'],
    ['settled', undefined],
  ])
})

test('what is said of a market changes, and only what changed is told', async () => {
  exchange.life.describe(ticker, { floorStrike: 77.5, yesSubTitle: 'Above 77.5' })
  await client.settled()
  const fields = { floor_strike: 77.5, yes_sub_title: 'Above 77.5' }
  expect(said(1).map(({ msg }) => msg)).toEqual([
    { market_ticker: ticker, event_type: 'metadata_updated', ...fields },
  ])
  expect(await market()).toMatchObject(fields)
})

test('an event’s own fee is told; a series’ fee stands in REST alone', async () => {
  const event = String((await market())['event_ticker'])
  const series = event.split('-')[0] ?? ''
  exchange.life.overrideFee(event, { type: 'flat', multiplier: 0.5 })
  exchange.life.changeFee(series, { type: 'quadratic_with_maker_fees', multiplier: 2 })
  exchange.life.changeFee(series, { type: 'flat', multiplier: 3 }, Date.now() * 1000 + 60_000_000)
  await client.settled()
  const own = { fee_type_override: 'flat', fee_multiplier_override: 0.5 }
  expect(said(1)).toMatchObject([
    { type: 'event_fee_update', seq: 1, msg: { event_ticker: event, ...own } },
  ])
  expect(await get(`/events/${event}`)).toMatchObject({ event: own })
  expect(await get('/events/fee_changes')).toMatchObject({
    event_fee_changes: [{ event_ticker: event, series_ticker: series, ...own }],
    cursor: '',
  })
  expect(await get(`/series/${series}`)).toMatchObject({
    series: { fee_type: 'quadratic_with_maker_fees', fee_multiplier: 2 },
  })
  const changes = async (query: string) =>
    (await get<{ series_fee_change_arr: object[] }>(`/series/fee_changes${query}`))
      .series_fee_change_arr
  expect(await changes('')).toMatchObject([{ series_ticker: series, fee_type: 'flat' }])
  expect(await changes(`?show_historical=true&series_ticker=${series}`)).toHaveLength(2)
  exchange.life.overrideFee(event, { type: null, multiplier: null })
  expect(await get(`/events/${event}`)).toMatchObject({ event: { fee_type_override: null } })
})

test('a block trade is told with the other trades and leaves the book as it is', async () => {
  const before = exchange.books().get(ticker)
  await client.ask({ cmd: 'subscribe', params: { channels: ['trade'] } })
  exchange.life.blockTrade(ticker, 440_000, 250_000, 'no')
  expect(await client.nextOf('trade')).toMatchObject({
    sid: 3,
    seq: 1,
    msg: { market_ticker: ticker, is_block_trade: true, count_fp: '2500.00' },
  })
  expect(exchange.books().get(ticker)).toEqual(before)
  exchange.step(300)
  const trades = async (block: boolean) =>
    (await get<{ trades: object[] }>(`/markets/trades?is_block_trade=${block}`)).trades
  expect(await trades(true)).toMatchObject([{ ticker, is_block_trade: true }])
  expect((await trades(false)).length).toBeGreaterThan(0)
  for (const each of await trades(false)) expect(each).toMatchObject({ is_block_trade: false })
})

test.each(['closed', 'cut'] as const)(
  'in maintenance nothing trades and nobody is let in; connections are %s',
  async (farewell) => {
    const before = exchange.books()
    const ended = once(client.ws, 'close')
    exchange.life.maintenance(3_600_000, farewell)
    expect((await ended)[0]).toBe(farewell === 'closed' ? 1001 : 1006)
    exchange.step(200)
    expect(exchange.books()).toEqual(before)
    const refused = new WebSocket(exchange.wsUrl, { headers: signedHeaders(exchange) })
    refused.on('error', () => {})
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(503)
    response.resume()
    const answer = await fetch(`${exchange.restUrl}/markets/${ticker}`)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({
      exchange_active: false,
      trading_active: false,
      exchange_estimated_resume_time: expect.stringContaining('T'),
    })
    // It is over sooner than was said.
    exchange.life.maintenance(50, farewell)
    await until('it is over', async () => (await fetch(`${exchange.restUrl}/markets`)).ok)
    const again = await connect(exchange)
    await again.subscribe([ticker])
    exchange.step(200)
    expect(exchange.books()).not.toEqual(before)
    expect(exchange.faults.map(({ kind }) => kind)).toEqual(['maintenance', 'maintenance'])
  },
)

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
