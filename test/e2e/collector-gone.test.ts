import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { until } from '../until.ts'
import { type RunningProduct, runProduct } from './running-product.ts'
import { Subscriber } from './subscriber.ts'

type BookBody = {
  data?: { status: string; gap?: { cause: string; from_us: number; to_us: number | null } }
  error?: { code: string; covered?: { from_ts: string | null; through_ts: string | null } }
}

async function pastIsRefused(market: string, killedUs: number, afterMs: number): Promise<void> {
  const { status, headers, body } = await book(market, `&at=${killedUs + afterMs * 1000}`)
  expect([status, body.error?.code]).toEqual([503, 'upstream_degraded'])
  expect(headers.get('retry-after')).not.toBeNull()
  const through = Date.parse(body.error?.covered?.through_ts ?? '')
  expect(through).toBeLessThanOrEqual(killedUs / 1000 + 1000)
}

let exchange: Exchange
let product: RunningProduct
let markets: string[]

beforeAll(async () => {
  exchange = await startExchange({ markets: 10, rate: 300, seed: 21 })
  product = await runProduct(exchange)
  markets = exchange.tickers()
  for (const market of markets) await until(`${market} is live`, () => says(market, 'live'))
})
afterAll(async () => {
  await product?.stop()
  await exchange?.close()
})

const path = (market: string) => `/v1/markets/${encodeURIComponent(market)}`
const book = (market: string, query = '') =>
  product.get<BookBody>(`${path(market)}/orderbook?view=native${query}`)
async function says(market: string, status: string): Promise<boolean> {
  return (await book(market)).body.data?.status === status
}
const first = () => markets[0] ?? ''
const nowUs = () => Math.round((performance.timeOrigin + performance.now()) * 1000)

test('while the collector hangs, no answer says live over a book older than 2 s, and it recovers by itself', async () => {
  const collector = product.collector()
  collector.kill('SIGSTOP')
  await sleep(2500)
  await Promise.all(
    markets.map(async (market) => {
      const { status, body } = await book(market)
      expect([market, status, body.error?.code]).toEqual([market, 503, 'upstream_degraded'])
      expect((await book(market, '&stale=allow')).body.data?.status).toBe('stale')
    }),
  )
  collector.kill('SIGCONT')
  for (const market of markets) await until(`${market} is live`, () => says(market, 'live'))
})

test('after a kill -9 nothing is live from 6 s on, and no as-of beyond the record is answered', async () => {
  const subscriber = new Subscriber(product.socketUrl, first(), product.apiKey)
  await subscriber.subscribe()
  await until('the subscriber is ready', () => subscriber.ready)
  const killedUs = nowUs()
  product.collector().kill('SIGKILL')
  await product.collector().ended
  await until('the subscriber is told', () =>
    subscriber.messages.some((message) => message.type === 'heartbeat' && message.feed === 'down'),
  )
  await sleep(Math.max(0, 6000 - (nowUs() - killedUs) / 1000))
  const asked = markets.flatMap((market) => [
    book(market).then(({ status, body }) =>
      expect([status, body.error?.code]).toEqual([503, 'upstream_degraded']),
    ),
    ...[1000, 2000, 4000].map((afterMs) => pastIsRefused(market, killedUs, afterMs)),
  ])
  await Promise.all(asked)
  subscriber.close()
})

test('the next collector opens an epoch: what nobody saw is unknown, and books are live again', async () => {
  const blindUs = nowUs()
  await product.startCollector()
  for (const market of markets) await until(`${market} is live`, () => says(market, 'live'))
  for (const market of markets) {
    const then = () => book(market, `&at=${blindUs}`)
    // A book is live before the snapshot that ends its gap is stored.
    // Until the new epoch's record reaches so far, it is refused.
    const to = async () => (await then()).body.data?.gap?.to_us
    await until('the gap has its end', async () => typeof (await to()) === 'number')
    const { body } = await then()
    expect(body.data).toMatchObject({ status: 'unknown', gap: { cause: 'epoch' } })
    expect(body.data?.gap?.from_us).toBeLessThan(blindUs)
    expect(body.data?.gap?.to_us).toBeGreaterThan(blindUs)
    // However much was traded before, the last of it is asked for.
    const { data } = (
      await product.get<{ data: { type: string; seq: number; prev_seq?: number }[] }>(
        `${path(market)}/deltas?order=desc&limit=10000`,
      )
    ).body
    const log = data.toReversed()
    const opening = log.findLastIndex(({ seq }) => seq % 2 ** 32 === 0)
    const [before, gap, snapshot] = log.slice(opening - 1, opening + 2)
    expect(gap).toMatchObject({ type: 'gap', prev_seq: before?.seq })
    expect(snapshot).toMatchObject({ type: 'snapshot', reason: 'epoch', seq: (gap?.seq ?? 0) + 1 })
  }
})

test('a collector that is stopped writes all it read, and leaves its books unknown until it returns', async () => {
  const seenUs = nowUs()
  await sleep(200)
  exchange.pause()
  await product.collector().stop()
  const { status, body } = await book(first(), `&at=${seenUs}`)
  expect([status, body.data?.status]).toEqual([200, 'as_of'])
  exchange.start()
  await product.startCollector()
  for (const market of markets) await until(`${market} is live`, () => says(market, 'live'))
})
