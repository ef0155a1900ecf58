import { afterAll, beforeAll, expect, test } from 'vitest'
import { streamMessages } from '#core/wire/stream'
import { describedAs, document, expectDescribed } from '../described-stream.ts'
import { call, GOOD } from './api.ts'
import { gapOf, snapshotOf, TestCollector } from './collector.ts'
import { setUnsent } from './gateway-object.ts'
import { ofType, openSocket, openStream, type TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

const EPOCH = 9500
const MARKET = 'ASYNC-26NOV22-T1.5'
const MANY = 'MANY-26NOV22-T1'
const FULL = 'FULL-26NOV22-T1'
const collector = new TestCollector(EPOCH)
/** Said by a gateway alone. */
const OF_MANY = ['levels', 'joined', 'left', 'warning']

beforeAll(async () => {
  for (const market of [MARKET, MANY, FULL]) await storeMarket(market)
  await setLease(EPOCH)
  for (const market of [MARKET, MANY, FULL]) collector.known(market)
  await collector.connect()
})

afterAll(() => collector.fallSilent())

test('/asyncapi.json is the document, needs no key, and may be kept by anybody', async () => {
  const answer = await call('/asyncapi.json', {})
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual(JSON.parse(JSON.stringify(document)))
  expect(answer.headers.get('Cache-Control')).toBe('public, max-age=3600')
  const etag = String(answer.headers.get('ETag'))
  const again = await call('/asyncapi.json', { 'If-None-Match': etag })
  expect(again).toMatchObject({ status: 304, body: {} })
  expect(again.headers.get('ETag')).toBe(etag)
})

test('every message of a stream of many markets is one that the document describes, and each is met', async () => {
  const event = MANY.slice(0, MANY.lastIndexOf('-'))
  const listing = { event, series: 'MANY' }
  const channels = ['book', 'trade', 'status', 'bbo']
  const stream = await openSocket('/v1/stream', GOOD)
  stream.send({ op: 'subscribe', id: 1, markets: [MANY, 'NO-SUCH-T1'], depth: 10 })
  await stream.nextWith('type', 'ready')
  collector.add(MANY)
  await stream.nextWith('type', 'deltas')
  stream.send({ op: 'subscribe', id: 2, channels: ['book', 'status', 'bbo'], events: [event] })
  await stream.nextWith('sub', 2)
  const late = `${event}-T2`
  collector.known(late)
  collector.socket.send({ directory: [{ m: late, ...listing, status: 'active' }] })
  await stream.nextWith('type', 'joined')
  await stream.nextWith('market', late)
  collector.socket.send({ directory: [{ m: late, ...listing, status: 'determined' }] })
  collector.socket.send({ directory: [{ m: late, ...listing, status: 'finalized' }] })
  await stream.nextWith('type', 'left')
  stream.send({ op: 'resync', market: 'NO-SUCH-T1' })
  await stream.nextWith('type', 'error')
  stream.send({ op: 'subscribe', id: 3, channels, markets: [FULL] })
  await stream.nextWith('sub', 3)
  await stream.nextWith('type', 'ready')
  await liveThrough(stream, FULL)
  await setUnsent(300 * 1024)
  collector.add(MANY)
  await stream.nextWith('type', 'warning')
  await setUnsent(0)
  stream.send({ op: 'ping' })
  await stream.nextWith('type', 'pong')
  stream.send({ op: 'unsubscribe', sub: 3 })
  await stream.nextWith('type', 'unsubscribed')
  // It may have come before, while something else was waited for.
  const beats = () => ofType(stream, 'heartbeat').length
  await expect.poll(beats, { timeout: 12_000 }).toBeGreaterThan(0)
  stream.close()
  for (const message of stream.messages) expectDescribed(message)
  const met = new Set(stream.messages.flatMap(describedAs))
  expect([...met].sort()).toEqual(Object.keys(streamMessages).sort())
}, 30_000)

test('every message of a market’s stream is one that the document describes, and each is met', async () => {
  const stream = await openStream(MARKET)
  stream.send({ op: 'subscribe', id: 1, channels: ['book', 'trade', 'status', 'bbo'] })
  await stream.nextWith('type', 'ready')
  await liveThrough(stream, MARKET)
  stream.send({ op: 'shout' })
  stream.send({ op: 'ping' })
  await stream.nextWith('type', 'pong')
  stream.send({ op: 'unsubscribe', sub: 1 })
  await stream.nextWith('type', 'unsubscribed')
  collector.disconnect()
  await stream.nextWith('type', 'heartbeat')
  stream.close()
  for (const message of stream.messages) expectDescribed(message, 'marketStream')
  const met = new Set(stream.messages.flatMap(describedAs))
  const names = Object.keys(streamMessages).filter((name) => !OF_MANY.includes(name))
  expect([...met].sort()).toEqual(names.sort())
})

/** A market has its deltas, a trade, a hole in its trades, a gap, a status and its end, and each is heard. */
async function liveThrough(stream: TestSocket, market: string): Promise<void> {
  const at = (n: number) => collector.seq(n)
  const now = Date.now() * 1000
  collector.add(market, 3)
  await stream.nextWith('type', 'deltas')
  const trade = {
    type: 'trade' as const,
    trade_id: 't1',
    market,
    price: '0.4000',
    size: '2.00',
    taker: 'yes' as const,
    block: false,
    event_us: now,
    recv_us: now,
    source: 'stream' as const,
  }
  collector.send([{ m: market, trades: [trade] }])
  await stream.nextWith('type', 'trade')
  collector.socket.send({ hole: { from_us: now, to_us: now + 1000 } })
  await stream.nextWith('channel', 'trade')
  collector.send([{ m: market, records: [gapOf(at(4), at(3)), snapshotOf(at(5), '9.00')] }])
  await stream.nextWith('image', false)
  const settled = { market_status: 'determined', result: 'yes', settlement_value: '1.0000' }
  collector.send([{ m: market, status: { ...settled, event_us: now, recv_us: now } }])
  await stream.nextWith('type', 'status')
  const end = { type: 'end', seq: at(6), reason: 'settled', event_us: now, recv_us: now } as const
  collector.send([{ m: market, records: [{ ...end, recv_us: Date.now() * 1000 }] }])
  await stream.nextWith('type', 'end')
}
