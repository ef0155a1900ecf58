import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Ticker } from '#core/ticker'
import { KalshiRestError } from '../../collector/kalshi-http.ts'
import { KalshiRest } from '../../collector/kalshi-rest.ts'
import { setLogLevel } from '../../collector/log-event.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'

type Answer = { status?: number; body?: unknown; text?: string; location?: string }

let server: Server
let rest: KalshiRest
/** What is answered, each once; the last again and again. */
let answers: Answer[]
let asked: string[]

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

beforeEach(async () => {
  setLogLevel('silent')
  answers = []
  asked = []
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const {
      status = 200,
      body,
      text,
      location,
    } = (answers.length > 1 ? answers.shift() : answers[0]) ?? {}
    response.writeHead(status, location === undefined ? {} : { location })
    response.end(text ?? JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  rest = new KalshiRest(
    `http://127.0.0.1:${port}/trade-api/v2`,
    { keyId: 'k', privateKey: pem },
    10_000,
  )
})

afterEach(async () => {
  rest.close()
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
})

async function all(pages: AsyncGenerator<readonly unknown[]>): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

test('a list is read page by page until its cursor is empty', async () => {
  answers = [
    { body: { markets: [1, 2], cursor: 'a=' } },
    { body: { markets: [3], cursor: 'b' } },
    { body: { markets: [4], cursor: '' } },
  ]
  expect(await all(rest.markets({ status: 'open' }, 'start'))).toEqual([1, 2, 3, 4])
  expect(asked).toEqual([
    '/trade-api/v2/markets?status=open&mve_filter=exclude&limit=1000',
    '/trade-api/v2/markets?status=open&mve_filter=exclude&limit=1000&cursor=a%3D',
    '/trade-api/v2/markets?status=open&mve_filter=exclude&limit=1000&cursor=b',
  ])
})

test.each([null, undefined])('a cursor of %s is the end too', async (cursor) => {
  answers = [{ body: { events: [1], cursor } }]
  expect(await all(rest.events({ minUpdatedTs: 7 }, 'start'))).toEqual([1])
  expect(asked).toEqual(['/trade-api/v2/events?min_updated_ts=7&limit=200'])
})

test('a cursor that comes again ends the list instead of turning for ever', async () => {
  answers = [
    { body: { markets: [1], cursor: 'a' } },
    { body: { markets: [2], cursor: 'b' } },
    { body: { markets: [3], cursor: 'a' } },
  ]
  expect(await all(rest.markets({ tickers: ['A', 'B.5'] }, 'life'))).toEqual([1, 2, 3])
  expect(asked[0]).toBe('/trade-api/v2/markets?tickers=A%2CB.5&limit=1000')
})

test.each<[string, Answer]>([
  ['429', { status: 429, body: { error: 'too many requests' } }],
  ['500', { status: 500, text: '<html>oops</html>' }],
  ['no JSON', { text: '<html>hello</html>' }],
])('%s is asked again, later', async (_, failure) => {
  answers = [failure, { body: { market: { ticker: 'A' } } }]
  const began = Date.now()
  expect(await rest.market('A', 'life')).toEqual({ ticker: 'A' })
  expect(asked).toHaveLength(2)
  expect(Date.now() - began).toBeGreaterThanOrEqual(240)
})

test.each([401, 403, 400])('%d is not asked again', async (status) => {
  answers = [{ status, body: { code: 'no' } }]
  await expect(rest.series('start')).rejects.toMatchObject({
    code: 'kalshi_rest',
    status,
    retryable: false,
  })
  expect(asked).toHaveLength(1)
})

test('what the exchange does not know is null, and a ticker is a name, not a path', async () => {
  answers = [{ status: 404, body: { code: 'not_found' } }]
  expect(await rest.market('../secret', 'life')).toBeNull()
  expect(await rest.event('E', 'life')).toBeNull()
  expect(await rest.seriesOne('S', 'life')).toBeNull()
  expect(asked).toEqual([
    '/trade-api/v2/markets/..%2Fsecret',
    '/trade-api/v2/events/E',
    '/trade-api/v2/series/S',
  ])
})

test('an answer of another shape is an error that no other try changes', async () => {
  answers = [{ body: { markets: 'none' } }]
  await expect(all(rest.markets({}, 'start'))).rejects.toMatchObject({ retryable: false })
})

test('a redirect is not followed', async () => {
  answers = [
    { status: 302, location: 'http://127.0.0.1:1/elsewhere', body: {} },
    { body: { series: [5] } },
  ]
  expect(await rest.series('start')).toEqual([5])
  expect(asked.map((path) => path.split('/').at(-1))).toEqual(['series', 'series'])
})

test('a body beyond the bound is given up, not read', async () => {
  answers = [{ text: `{"series":["${'x'.repeat(33 * 1024 * 1024)}"]}` }]
  await expect(rest.series('start')).rejects.toMatchObject({ message: 'body too large' })
})

test('books are asked for by repeated parameters, trades by their interval', async () => {
  answers = [{ body: { orderbooks: [] } }, { body: { trades: [1], cursor: '' } }]
  expect(await rest.orderbooks(['A' as Ticker, 'B' as Ticker])).toEqual({ orderbooks: [] })
  const page = await rest.trades({ minTs: 1, maxTs: 2, cursor: 'c' })
  expect(page).toEqual({ trades: [1], cursor: null })
  expect(asked).toEqual([
    '/trade-api/v2/markets/orderbooks?tickers=A&tickers=B',
    '/trade-api/v2/markets/trades?min_ts=1&max_ts=2&limit=1000&cursor=c',
  ])
})

test('an exchange that rests says so in the body of its refusal', async () => {
  const body = {
    exchange_active: false,
    trading_active: false,
    exchange_estimated_resume_time: 't',
  }
  answers = [{ status: 503, body }]
  expect(await rest.exchangeStatus()).toEqual(body)
  answers = [{ status: 503, text: 'no' }]
  await expect(rest.exchangeStatus()).rejects.toBeInstanceOf(KalshiRestError)
})

test('whoever waits when it is closed is told', async () => {
  answers = [{ status: 429, body: {} }]
  const waiting = rest.series('start')
  rest.close()
  await expect(waiting).rejects.toMatchObject({ message: 'closed' })
})

test('the account’s own allowance counts, unless one was set', async () => {
  let exchange: Exchange | undefined
  try {
    exchange = await startExchange({
      markets: 2,
      paused: true,
      rest: { perSecond: 20, capacity: 20 },
    })
    const own = new KalshiRest(exchange.restUrl, {
      keyId: exchange.keyId,
      privateKey: exchange.privateKeyPem,
    })
    await own.readLimits()
    const began = Date.now()
    await own.series('start')
    await own.series('start')
    // Two tokens' worth at 20 a second: not refused, because we waited ourselves.
    expect(Date.now() - began).toBeGreaterThan(400)
    expect(exchange.stats.rest).toBe(3)
  } finally {
    await exchange?.close()
  }
})
