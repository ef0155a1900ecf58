import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { shardStub } from '../../worker/live/stubs.ts'
import { call, dataOf, errorOf } from './api.ts'
import { deltaOf, feedSocket, helloOf, snapshotOf, TestCollector } from './collector.ts'
import { openStream } from './socket.ts'
import { setLease, setWatermark, storeMarket } from './store.ts'

const T = 'FED-26NOV22-T1'
const BOOK = `/v1/markets/${T}/orderbook?view=native`
/** Each test opens a higher epoch: the shard's object remembers those before. */
let epoch = 9000
let collector: TestCollector
const shard = () => shardStub(env, 0, 1)

beforeAll(async () => {
  await storeMarket(T)
  await setWatermark(null)
})

beforeEach(async () => {
  epoch += 10
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(T)
})

afterEach(() => collector.fallSilent())

test.each([
  ['no token', {}],
  ['another token', { Authorization: 'Bearer the-feed-token-of-someone' }],
  ['an API key', { Authorization: `Bearer ${env.TEST_KEYS.good}` }],
])('%s is refused before any object is touched', async (_, headers) => {
  const before = await listDurableObjectIds(env.FEED_SHARD)
  const answer = await call('/internal/feed/0', { ...headers, Upgrade: 'websocket' })
  expect(answer.status).toBe(401)
  expect(errorOf(answer).code).toBe('unauthorized')
  expect(await listDurableObjectIds(env.FEED_SHARD)).toEqual(before)
})

test.each(['1', '-1', '0x0', '00000', 'zero', '1.0', '%20'])(
  'shard %s is nowhere, and no object is touched',
  async (name) => {
    const before = await listDurableObjectIds(env.FEED_SHARD)
    const headers = { Authorization: 'Bearer the-feed-token-of-tests', Upgrade: 'websocket' }
    const answer = await call(`/internal/feed/${name}`, headers)
    expect(answer.status).toBe(404)
    expect(errorOf(answer).code).toBe('not_found')
    expect(await listDurableObjectIds(env.FEED_SHARD)).toEqual(before)
  },
)

test('both tokens are taken while they are rotated', async () => {
  const socket = await feedSocket(0, 'the-next-feed-token-of-tests')
  socket.send(helloOf(epoch))
  expect(await socket.next()).toEqual({ watch: [] })
})

test.each([
  ['another version', { v: 2 as 1 }],
  ['another environment', { env: 'production' }],
  ['another shard', { shard: 1 }],
  ['another number of shards', { shards: 2 }],
  ['no lease', { lease: '' }],
])('a hello of %s is closed with 4400', async (_, more) => {
  const socket = await feedSocket()
  socket.send(helloOf(epoch, more))
  expect(await socket.closed).toMatchObject({ code: 4400 })
})

test.each([
  ['no JSON', 'hello'],
  ['a message of no known shape', '{"hullo":{}}'],
  ['records before the hello', '{"n":1,"items":[]}'],
  ['a message of more than 4 MiB', `{"n":1,"items":[]}${' '.repeat(4 * 1024 * 1024)}`],
])('%s is closed with 4400', async (_, text) => {
  const socket = await feedSocket()
  socket.send(text)
  expect(await socket.closed).toMatchObject({ code: 4400 })
})

test('binary messages and a second hello are closed with 4400', async () => {
  const binary = await feedSocket()
  binary.sendBytes(new Uint8Array([123, 125]))
  expect(await binary.closed).toMatchObject({ code: 4400 })
  await collector.connect()
  collector.socket.send(helloOf(epoch))
  expect(await collector.socket.closed).toMatchObject({ code: 4400 })
})

test('a lower epoch, and this one under another lease, are told the highest and closed', async () => {
  await collector.connect()
  for (const hello of [helloOf(epoch - 1), helloOf(epoch, { lease: 'another' })]) {
    const socket = await feedSocket()
    socket.send(hello)
    expect(await socket.closed).toEqual({ code: 4409, reason: String(epoch) })
  }
  collector.beat()
  expect(await shard().status()).toMatchObject({ epoch, feed: 'healthy' })
})

test('a higher epoch counts only when the lease row says the same', async () => {
  for (const hello of [helloOf(epoch + 1), helloOf(epoch, { lease: 'another' })]) {
    const socket = await feedSocket()
    socket.send(hello)
    expect(await socket.closed).toEqual({ code: 4409, reason: String(epoch) })
  }
  await setLease(null)
  const socket = await feedSocket()
  socket.send(helloOf(epoch))
  expect(await socket.closed).toMatchObject({ code: 4409 })
})

test('an accepted collector ends the one before it, and what that sends is not heard', async () => {
  await collector.connect()
  const old = collector.socket
  await setLease(epoch + 1)
  const next = new TestCollector(epoch + 1)
  next.known(T)
  await next.connect()
  expect(await old.closed).toEqual({ code: 4409, reason: String(epoch + 1) })
  collector.fallSilent()
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live', seq: next.seq(0) })
  next.fallSilent()
})

test('the same collector may come back, and is told again who is watched', async () => {
  await collector.connect()
  await dataOf(BOOK)
  collector.disconnect()
  const again = new TestCollector(epoch)
  again.known(T, 7)
  await again.connect()
  expect(again.socket.messages[0]).toEqual({ watch: [T] })
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live', seq: again.seq(7) })
  again.fallSilent()
})

test('the highest epoch and who is watched outlive the object’s memory', async () => {
  await collector.connect()
  await dataOf(BOOK)
  await evictDurableObject(shard(), { webSockets: 'close' })
  const socket = await feedSocket()
  socket.send(helloOf(epoch - 1))
  expect(await socket.closed).toEqual({ code: 4409, reason: String(epoch) })
  expect(await shard().status()).toMatchObject({ epoch, watched: 1, feed: 'down' })
})

test('an evicted shard keeps its socket, and asks for the books again', async () => {
  await collector.connect()
  await dataOf(BOOK)
  await evictDurableObject(shard())
  collector.beat()
  await collector.socket.nextWith('need')
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live', seq: collector.seq(0) })
})

test('each batch is acknowledged once its records were applied', async () => {
  await collector.connect()
  await dataOf(BOOK)
  await collector.socket.nextWith('ack', collector.send([collector.more(T, 3)]))
  expect(await dataOf(BOOK)).toMatchObject({ seq: collector.seq(3), yes: [['0.4000', '8.00']] })
})

/**
 * Waits until T is needed from there on. The markets of other tests may be asked for too, and T itself again, from the start,
 * by a beat that finds its book still missing.
 */
async function neededFrom(have: number | null): Promise<void> {
  for (;;) {
    const { need } = (await collector.socket.nextWith('need')) as { need: object[] }
    const ours = need.find((each) => JSON.stringify(each) === JSON.stringify({ m: T, have }))
    if (ours !== undefined) return
  }
}

test('records with a hole, a wrong size or a wrong sum are asked for from what is there', async () => {
  await collector.connect()
  await dataOf(BOOK)
  collector.answers = false
  collector.send([{ m: T, records: [deltaOf(collector.seq(2), '1.00', '6.00')] }])
  await neededFrom(collector.seq(0))
  expect((await call(BOOK)).status).toBe(503)
  collector.sendBook(T)
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live' })
  collector.send([{ m: T, records: [deltaOf(collector.seq(1), '1.00', '7.00')] }])
  await neededFrom(collector.seq(0))
  collector.sendBook(T)
  await dataOf(BOOK)
  collector.send([{ m: T, records: [deltaOf(collector.seq(1), '1.00', '6.00')], sum: 1 }])
  await neededFrom(null)
  expect((await call(BOOK)).status).toBe(503)
})

test('a market in a gap is unknown, and live again with its snapshot', async () => {
  await collector.connect()
  await dataOf(BOOK)
  const recv_us = Date.now() * 1000
  const gap = { type: 'gap', seq: collector.seq(1), cause: 'cut', from_us: recv_us - 5 } as const
  const rest = { to_us: null, prev_seq: collector.seq(0), event_us: null, recv_us }
  const cut = collector.send([{ m: T, records: [{ ...gap, ...rest }] }])
  await collector.socket.nextWith('ack', cut)
  const unknown = await dataOf<object>(`${BOOK}&stale=allow`)
  expect(unknown).toMatchObject({
    status: 'unknown',
    seq: collector.seq(1),
    gap: { cause: 'cut', from_us: recv_us - 5, to_us: null },
  })
  expect(unknown).not.toHaveProperty('yes')
  const next = collector.send([{ m: T, records: [snapshotOf(collector.seq(2), '9.00')] }])
  await collector.socket.nextWith('ack', next)
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live', yes: [['0.4000', '9.00']] })
})

test('when the feed is cut nothing is live, and its last book may be had as stale', async () => {
  await collector.connect()
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live' })
  collector.disconnect()
  await expect.poll(async () => (await call(BOOK)).status).toBe(503)
  expect(await dataOf(`${BOOK}&stale=allow`)).toMatchObject({
    status: 'stale',
    yes: [['0.4000', '5.00']],
  })
})

test('a collector that falls silent vouches no more, within two seconds and before the alarm', async () => {
  await collector.connect()
  await dataOf(BOOK)
  collector.fallSilent()
  // Without its alarm the shard is told by nobody: the books themselves know how old they are.
  await runInDurableObject(shard(), (_, state) => state.storage.deleteAlarm())
  await new Promise((resolve) => setTimeout(resolve, 2000))
  expect((await call(BOOK)).status).toBe(503)
})

test('a collector that is cut off from the exchange vouches for nothing', async () => {
  await collector.connect()
  await dataOf(BOOK)
  collector.upstreamAgeMs = null
  await expect.poll(async () => (await call(BOOK)).status).toBe(503)
  collector.upstreamAgeMs = 5
  await expect.poll(async () => (await call(BOOK)).status).toBe(200)
})

test('while the lease cannot be read a new epoch is told to come again', async () => {
  await runInDurableObject(shard(), (instance) => {
    const away = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' }
    Reflect.set(instance, 'env', { ...env, HYPERDRIVE_READER: away })
  })
  const socket = await feedSocket()
  socket.send(helloOf(epoch))
  expect(await socket.closed).toMatchObject({ code: 1013 })
  await runInDurableObject(shard(), (instance) => Reflect.set(instance, 'env', env))
})

test('the alarm tells subscribers of the silence, again and again, and they hear of its end', async () => {
  await collector.connect()
  const stream = await openStream(T)
  stream.send({ op: 'subscribe', id: 1 })
  await stream.nextWith('type', 'ready')
  collector.fallSilent()
  expect(await stream.nextWith('type', 'heartbeat')).toMatchObject({
    feed: 'down',
    books: { [T]: collector.seq(0) },
  })
  expect(await runDurableObjectAlarm(shard())).toBe(true)
  expect(await stream.next()).toMatchObject({ type: 'heartbeat', feed: 'down' })
  collector.beat()
  expect(await stream.next()).toMatchObject({ type: 'heartbeat', feed: 'healthy' })
  collector.beat()
  expect(await dataOf(BOOK)).toMatchObject({ status: 'live' })
})

test('subscribers are beaten every so often while beats come', async () => {
  await runInDurableObject(shard(), (instance) => {
    Reflect.set(instance, 'env', { ...env, FEED_HEARTBEAT_MS: '50' })
  })
  await collector.connect()
  const stream = await openStream(T)
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  await stream.nextWith('type', 'heartbeat')
  expect(await stream.nextWith('type', 'heartbeat')).toEqual({
    type: 'heartbeat',
    feed: 'healthy',
    upstream_age_ms: 5,
    books: { [T]: collector.seq(0) },
  })
  await runInDurableObject(shard(), (instance) => Reflect.set(instance, 'env', env))
})

test('subscribers who heard that the feed is down hear of the next collector', async () => {
  await collector.connect()
  const stream = await openStream(T)
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  collector.disconnect()
  await stream.nextWith('feed', 'down')
  const next = new TestCollector(epoch)
  next.known(T)
  await next.connect()
  expect(await stream.nextWith('feed', 'healthy')).toMatchObject({ type: 'heartbeat' })
  next.disconnect()
})

test('who subscribes while the feed is away is told so, now and then', async () => {
  const stream = await openStream(T)
  stream.send({ op: 'subscribe' })
  expect((await stream.nextWith('type', 'heartbeat'))['feed']).not.toBe('healthy')
  expect(await runInDurableObject(shard(), (_, state) => state.storage.getAlarm())).not.toBeNull()
})

test('who subscribes while nobody vouches is told so before the book', async () => {
  await collector.connect()
  await dataOf(BOOK)
  collector.upstreamAgeMs = 60_000
  await expect.poll(async () => (await call(BOOK)).status).toBe(503)
  const stream = await openStream(T)
  stream.send({ op: 'subscribe' })
  expect(await stream.nextWith('type', 'heartbeat')).toMatchObject({ feed: 'degraded' })
  await stream.nextWith('type', 'ready')
})

test('the status tells of the feed without a key, and of a collector that went', async () => {
  await collector.connect()
  // What it says first it says again for a second: the beat must have come.
  await expect.poll(() => shard().status()).toMatchObject({ feed: 'healthy' })
  const up = await call('/v1/status', {})
  expect(up.status).toBe(200)
  expect(up.body['data']).toMatchObject({
    feed: 'healthy',
    lag_p50_ms: 1,
    lag_p99_ms: 2,
    stale_books: 0,
    shards: [{ shard: 0, feed: 'healthy' }],
    record: { through_ts: null, watermark_lag_ms: null },
  })
  collector.disconnect()
  const feed = async () => ((await call('/v1/status', {})).body['data'] as { feed: string }).feed
  // What was told is told again for a second.
  await expect.poll(feed).toBe('down')
})
