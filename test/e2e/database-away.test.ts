import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { until } from '../until.ts'
import { type RunningProduct, runProduct } from './running-product.ts'
import { Subscriber } from './subscriber.ts'

let exchange: Exchange
let product: RunningProduct
let market: string

beforeAll(async () => {
  exchange = await startExchange({ markets: 6, rate: 200, seed: 34 })
  product = await runProduct(exchange)
  market = encodeURIComponent(exchange.tickers()[0] ?? '')
})
afterAll(async () => {
  await product?.stop()
  await exchange?.close()
})

test('without its database the API refuses in its envelope, never with a 500, and streams go on', async () => {
  const subscriber = new Subscriber(product.socketUrl, exchange.tickers()[0] ?? '', product.apiKey)
  await subscriber.subscribe()
  await until('the subscriber is ready', () => subscriber.ready)
  await product.stopPostgres()
  for (const path of [
    '/v1/markets',
    `/v1/markets/${market}`,
    `/v1/markets/${market}/orderbook`,
    `/v1/markets/${market}/orderbook?at=${Date.now()}`,
    `/v1/markets/${market}/deltas`,
    `/v1/markets/${market}/gaps`,
  ]) {
    const { status, headers, body } = await product.get<{ error: { code: string } }>(path)
    expect([path, status, body.error.code]).toEqual([path, 503, 'upstream_degraded'])
    expect(headers.get('retry-after')).not.toBeNull()
    expect(JSON.stringify(body)).not.toMatch(/postgres|ECONN|stack/i)
  }
  expect((await product.get('/v1/status')).status).toBe(200)
  const before = subscriber.records().length
  await until('records go on coming', () => subscriber.records().length > before + 50)
  subscriber.close()
})
