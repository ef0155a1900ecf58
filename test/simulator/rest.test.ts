import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { signedHeaders } from './signing.ts'

type Market = {
  ticker: string
  event_ticker: string
  created_time: string
  updated_time: string
  status: string
  yes_bid_dollars: string
  yes_ask_dollars: string
  no_bid_dollars: string
  yes_ask_size_fp: string
  price_ranges: { start: string; end: string; step: string }[]
}
type Trade = { trade_id: string; ticker: string; created_time: string; count_fp: string }

let exchange: Exchange

beforeAll(async () => {
  exchange = await startExchange({ markets: 60, combos: 3, paused: true, rest: null })
  exchange.step(2000)
  const [paused = '', closed = '', settled = ''] = exchange.tickers()
  exchange.life.pause(paused)
  exchange.life.close(closed)
  exchange.life.close(settled)
  exchange.life.determine(settled, 'yes')
  exchange.life.settle(settled)
})
afterAll(() => exchange.close())

async function get<T>(path: string): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${exchange.restUrl}${path}`)
  return { status: answer.status, body: (await answer.json()) as T }
}

async function markets(query: string): Promise<Market[]> {
  const { body } = await get<{ markets: Market[] }>(`/markets?limit=1000&${query}`)
  return body.markets
}

/** Follows a list's cursors to its end. */
async function pages<T>(path: string, field: string): Promise<T[][]> {
  const all: T[][] = []
  let cursor = ''
  do {
    const { body } = await get<Record<string, unknown>>(`${path}&cursor=${cursor}`)
    all.push(body[field] as T[])
    cursor = body['cursor'] as string
  } while (cursor !== '')
  return all
}

test('markets come newest first, in pages that cover all once', async () => {
  const all = await pages<Market>('/markets?limit=25', 'markets')
  expect(all.map((each) => each.length)).toEqual([25, 25, 13])
  const created = all.flat().map((each) => Date.parse(each.created_time))
  expect(created).toEqual([...created].sort((a, b) => b - a))
  expect(new Set(all.flat().map((each) => each.ticker)).size).toBe(63)
})

test('markets are filtered by status, event, series, tickers and combos', async () => {
  const [paused, closed, settled, fourth] = exchange.tickers()
  const tickers = (list: Market[]) => list.map((each) => each.ticker)
  expect(tickers(await markets('status=paused'))).toEqual([paused])
  expect(tickers(await markets('status=closed'))).toEqual([closed])
  expect(tickers(await markets('status=settled'))).toEqual([settled])
  expect(await markets('status=unopened')).toEqual([])
  expect(await markets('status=open')).toHaveLength(60)
  expect(await markets('mve_filter=only')).toHaveLength(3)
  expect(await markets('mve_filter=exclude')).toHaveLength(60)
  expect(tickers(await markets(`tickers=${settled},KXNONE,${fourth}`)).sort()).toEqual(
    [settled, fourth].sort(),
  )
  const series = await markets('series_ticker=KXGOLDH')
  expect(series.length).toBeGreaterThan(0)
  expect(series.every((each) => each.ticker.startsWith('KXGOLDH-'))).toBe(true)
  const event = series.at(-1)?.event_ticker
  const siblings = await markets(`event_ticker=${event}`)
  expect(siblings.every((each) => each.event_ticker === event)).toBe(true)
  expect(siblings.length).toBeGreaterThan(1)
  const cut = Math.floor(Date.parse((await markets(''))[20]?.created_time ?? '') / 1000)
  expect((await markets(`min_created_ts=${cut}`)).length).toBeLessThan(30)
})

test('a market is a whole object whose quotes are its book’s', async () => {
  const open = await markets('status=open&mve_filter=exclude')
  const ticker = open.find((each) => exchange.books().get(each.ticker)?.no.length)?.ticker ?? ''
  const { body } = await get<{ market: Market }>(`/markets/${ticker}`)
  const { yes, no } = exchange.books().get(ticker) ?? { yes: [], no: [] }
  expect(body.market).toMatchObject({
    ticker,
    market_type: 'binary',
    status: 'active',
    notional_value_dollars: '1.0000',
    yes_bid_dollars: yes[0]?.[0],
    no_bid_dollars: no[0]?.[0],
    yes_ask_size_fp: no[0]?.[1],
    result: '',
  })
  const required =
    'event_ticker yes_sub_title no_sub_title created_time updated_time open_time close_time latest_expiration_time settlement_timer_seconds yes_bid_size_fp last_price_dollars previous_yes_bid_dollars previous_yes_ask_dollars previous_price_dollars volume_fp volume_24h_fp open_interest_fp can_close_early expiration_value rules_primary rules_secondary price_level_structure price_ranges'
  expect(Object.keys(body.market)).toEqual(expect.arrayContaining(required.split(' ')))
  expect(body.market).not.toHaveProperty('market_id')
})

test('a settled market is empty and shows its result', async () => {
  const [settled] = await markets('status=settled')
  expect(settled).toMatchObject({
    status: 'finalized',
    result: 'yes',
    settlement_value_dollars: '1.0000',
    yes_bid_dollars: '0.0000',
    yes_ask_dollars: '1.0000',
  })
})

test('a book is given lowest price first, and only its best levels when asked', async () => {
  const deep = [...exchange.books()].find(([, { yes, no }]) => yes.length > 5 && no.length > 5)
  const [ticker, truth] = deep ?? ['', { yes: [], no: [] }]
  const whole = await get(`/markets/${ticker}/orderbook`)
  expect(whole.body).toEqual({
    orderbook_fp: { yes_dollars: truth.yes.toReversed(), no_dollars: truth.no.toReversed() },
  })
  const best = await get(`/markets/${ticker}/orderbook?depth=2`)
  expect(best.body).toEqual({
    orderbook_fp: {
      yes_dollars: truth.yes.slice(0, 2).toReversed(),
      no_dollars: truth.no.slice(0, 2).toReversed(),
    },
  })
})

test('up to a hundred books come at once, empty sides as empty lists', async () => {
  const path = '/trade-api/v2/markets/orderbooks'
  const ask = async (tickers: string[]) => {
    const query = tickers.map((each) => `tickers=${encodeURIComponent(each)}`).join('&')
    const url = `${exchange.restUrl}/markets/orderbooks?${query}`
    const answer = await fetch(url, { headers: signedHeaders(exchange, { path }) })
    return { status: answer.status, body: await answer.json() }
  }
  const tickers = exchange.tickers()
  const { body } = await ask([...tickers, 'KXNONE'])
  const books = exchange.books()
  expect(body).toEqual({
    orderbooks: tickers.map((ticker) => ({
      ticker,
      orderbook_fp: {
        yes_dollars: books.get(ticker)?.yes.toReversed(),
        no_dollars: books.get(ticker)?.no.toReversed(),
      },
    })),
  })
  expect((await ask([])).status).toBe(400)
  expect((await ask(Array(101).fill(tickers[0]))).status).toBe(400)
})

test('events come in pages without combos, their markets within them when asked', async () => {
  const all = await pages<{ event_ticker: string; markets?: Market[] }>(
    '/events?limit=5&with_nested_markets=true',
    'events',
  )
  expect(all.length).toBeGreaterThan(1)
  const nested = all.flat().flatMap((each) => each.markets ?? [])
  expect(nested.map((each) => each.ticker).sort()).toEqual(exchange.tickers().sort())
  const gold = await get<{ events: object[] }>('/events?series_ticker=KXGOLDH&status=open')
  expect(gold.body.events[0]).toMatchObject({ series_ticker: 'KXGOLDH', category: 'Commodities' })
  expect(gold.body.events[0]).not.toHaveProperty('markets')
  const settled = await get<{ events: object[] }>('/events?status=settled')
  expect(settled.body.events).toHaveLength(1)
  const [first] = all.flat()
  const one = await get<{ markets: Market[] }>(`/events/${first?.event_ticker}`)
  expect(one.body).toMatchObject({ event: { event_ticker: first?.event_ticker } })
  expect(one.body.markets).toEqual(first?.markets)
})

test('series are listed, and each can be asked for', async () => {
  const { body } = await get<{ series: { ticker: string }[] }>('/series?category=Crypto')
  expect(body.series).toMatchObject([{ ticker: 'KXBTCD', fee_type: 'quadratic' }])
  const one = await get('/series/KXBTCD')
  expect(one.body).toMatchObject({ series: { ticker: 'KXBTCD', frequency: 'daily' } })
})

test('trades come newest first, in pages, of one market when asked', async () => {
  const all = (await pages<Trade>('/markets/trades?limit=100', 'trades')).flat()
  expect(all.length).toBeGreaterThan(100)
  const times = all.map((each) => Date.parse(each.created_time))
  expect(times).toEqual([...times].sort((a, b) => b - a))
  expect(new Set(all.map((each) => each.trade_id)).size).toBe(all.length)
  const ticker = all[0]?.ticker ?? ''
  const of = (await pages<Trade>(`/markets/trades?limit=1000&ticker=${ticker}`, 'trades')).flat()
  expect(of).toEqual(all.filter((each) => each.ticker === ticker))
  const future = await get('/markets/trades?min_ts=4000000000')
  expect(future.body).toEqual({ trades: [], cursor: '' })
})

test('markets can be asked for by what changed of them last, apart from all else', async () => {
  const [paused = ''] = exchange.tickers()
  const [first] = await markets(`tickers=${paused}`)
  const since = Math.floor(Date.parse(first?.updated_time ?? '') / 1000)
  const changed = await markets(`min_updated_ts=${since}&mve_filter=exclude`)
  expect(changed.map(({ ticker }) => ticker).sort()).toEqual(exchange.tickers().slice(0, 3).sort())
  const series = await markets(`min_updated_ts=${since}&mve_filter=exclude&series_ticker=KXNONE`)
  expect(series).toEqual([])
})

test('the account’s limits are those of the exchange, for who signs', async () => {
  const url = `${exchange.restUrl}/account/limits`
  expect((await fetch(url)).status).toBe(401)
  const headers = signedHeaders(exchange, { path: '/trade-api/v2/account/limits' })
  expect(await (await fetch(url, { headers })).json()).toMatchObject({
    usage_tier: 'prestige',
    read: { refill_rate: 12_000, bucket_capacity: 36_000 },
    grants: [],
  })
})

test('the schedule leaves out two hours of Thursday', async () => {
  const { body } = await get<{ schedule: { standard_hours: { thursday: object[] }[] } }>(
    '/exchange/schedule',
  )
  expect(body.schedule.standard_hours[0]?.thursday).toEqual([
    { open_time: '00:00', close_time: '03:00' },
    { open_time: '05:00', close_time: '00:00' },
  ])
})

test('the exchange says that it is open', async () => {
  const { body } = await get('/exchange/status')
  expect(body).toMatchObject({ exchange_active: true, trading_active: true })
})

test.each([
  '/markets?limit=1001',
  '/markets?limit=ten',
  '/markets?status=resting',
  '/markets?cursor=nothing',
  '/markets?mve_filter=some',
  '/markets?status=settled&min_close_ts=1',
  '/markets?min_updated_ts=1&status=open',
  '/markets?min_updated_ts=1&series_ticker=KXBTCD',
  '/events?limit=0',
  '/events?status=paused',
  '/events?with_nested_markets=yes',
  '/markets/trades?min_ts=yesterday',
  '/markets/trades?cursor=AAAA',
])('%s is a bad request', async (path) => {
  expect(await get(path)).toMatchObject({ status: 400, body: { code: 'bad_request' } })
})

test.each([
  '/markets/KXNONE',
  '/markets/KXNONE/orderbook',
  '/markets/%zz',
  '/events/KXNONE',
  '/series/KXNONE',
  '/portfolio/balance',
])('%s is not found', async (path) => {
  expect(await get(path)).toMatchObject({ status: 404, body: { code: 'not_found' } })
})

test('a bad depth is a bad request, another method is not allowed, a last slash is redirected', async () => {
  const [ticker] = exchange.tickers()
  expect((await get(`/markets/${ticker}/orderbook?depth=101`)).status).toBe(400)
  const posted = await fetch(`${exchange.restUrl}/markets`, { method: 'POST' })
  expect(posted.status).toBe(405)
  const moved = await fetch(`${exchange.restUrl}/markets/?limit=1`, { redirect: 'manual' })
  expect([moved.status, moved.headers.get('location')]).toEqual([
    301,
    '/trade-api/v2/markets?limit=1',
  ])
})

test('who asks too often is told so, and may ask again when tokens have come back', async () => {
  const strict = await startExchange({
    markets: 2,
    paused: true,
    rest: { perSecond: 20, capacity: 30 },
  })
  const status = () => fetch(`${strict.restUrl}/exchange/status`)
  const first = await Promise.all(Array.from({ length: 10 }, status))
  const refused = first.filter((each) => each.status === 429)
  expect(refused.length).toBeGreaterThanOrEqual(3)
  expect(await refused[0]?.json()).toEqual({ error: 'too many requests' })
  while ((await status()).status !== 200);
  await strict.close()
})
