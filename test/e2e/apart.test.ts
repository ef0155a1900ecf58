import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { until } from '../until.ts'
import { type RunningProduct, runProduct } from './running-product.ts'
import { Subscriber } from './subscriber.ts'

let exchange: Exchange
let product: RunningProduct
let market: string

beforeAll(async () => {
  exchange = await startExchange({ markets: 6, rate: 200, seed: 33 })
  product = await runProduct(exchange)
  market = exchange.tickers()[0] ?? ''
})
afterAll(async () => {
  await product?.stop()
  await exchange?.close()
})

const owner = () => postgres(product.databaseUrl, { max: 1, onnotice: () => {} })
const throughUs = async (sql: postgres.Sql) => {
  const [row] = await sql`select max(recorded_through_us)::text as us from kb.epochs`
  return Number(row?.['us'])
}

test('invariant 5: while nothing can be recorded, records are published all the same', async () => {
  const subscriber = new Subscriber(product.socketUrl, market, product.apiKey)
  await subscriber.subscribe()
  await until('the subscriber is ready', () => subscriber.ready)
  const sql = owner()
  await sql.begin(async (tx) => {
    // Whoever writes must see the lease: as long as this row is locked, nothing is written.
    await tx`select from kb.lease for update`
    const before = subscriber.records().length
    await until('records go on coming', () => subscriber.records().length > before + 100)
    const { status, body } = await product.getAgain<{ data: { status: string } }>(
      `/v1/markets/${encodeURIComponent(market)}/orderbook`,
    )
    expect([status, body.data.status]).toEqual([200, 'live'])
    const now = await product.get(
      `/v1/markets/${encodeURIComponent(market)}/orderbook?at=${Date.now()}`,
    )
    expect(now.status).toBe(503)
  })
  await sql.end()
  subscriber.close()
})

test('invariant 5: while no shard listens, the record goes on', async () => {
  const sql = owner()
  const subscriber = new Subscriber(product.socketUrl, market, product.apiKey)
  await subscriber.subscribe()
  let watched = -1
  product.collector().on((message) => {
    const { status } = message as { status?: { watched: number } }
    if (status) ({ watched } = status)
  })
  await until('a market is watched', () => watched > 0)
  product.worker.kill('SIGKILL')
  await product.worker.ended
  const before = await throughUs(sql)
  await until('the watermark goes on', async () => (await throughUs(sql)) > before + 3_000_000)
  const [late] = await sql`select count(*)::int as n from kb.book_deltas where recv_us > ${before}`
  expect(late?.['n']).toBeGreaterThan(100)
  // Nothing is gathered for shards that are away.
  await until('nothing is watched', () => watched === 0)
  await sql.end()
})
