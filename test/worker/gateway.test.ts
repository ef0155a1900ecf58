import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Micros } from '#core/instant'
import { type Epoch, type Seq, seqOf } from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { FeedItem } from '#core/wire/feed'
import { gatewayStub, shardStub } from '../../worker/live/stubs.ts'
import { call } from './api.ts'
import { gapOf, snapshotOf, TestCollector, tradeOf } from './collector.ts'
import { forget, gateway, setUnsent } from './gateway-object.ts'
import { GatewayStreams } from './gateway-streams.ts'
import { leaseHeaders } from './leases.ts'
import { ofType, TestSocket } from './socket.ts'
import { asOwner, setLease, setWatermark, storeMarket, storeRecords } from './store.ts'

const streams = new GatewayStreams()
let epoch = 12_000
let tests = 0
let collector: TestCollector
let series: string
/** Two markets of one event; each test has its own. */
let first: string
let second: string

beforeEach(async () => {
  epoch += 10
  tests += 1
  series = `GATE${tests}`
  first = `${series}-26NOV22-T1`
  second = `${series}-26NOV22-T2`
  for (const ticker of [first, second]) await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(first)
  collector.known(second)
  await collector.connect()
})

afterEach(() => {
  collector.fallSilent()
  streams.end()
})

const image = (market: string, n: number, reason: string) => ({
  type: 'snapshot',
  market,
  image: true,
  reason,
  seq: collector.seq(n),
})

test('a subscriber of some markets gets an image of each, is ready, and then gets each record', async () => {
  const stream = await streams.open()
  stream.send({ op: 'subscribe', id: 3, markets: [first, second, 'NONE-1'] })
  expect(await stream.nextWith('type', 'subscribed')).toEqual({
    type: 'subscribed',
    id: 3,
    sub: 1,
    accepted: 2,
    rejected: [{ market: 'NONE-1', code: 'not_found' }],
  })
  expect(await stream.nextWith('type', 'ready')).toEqual({ type: 'ready', sub: 1 })
  expect(ofType(stream, 'snapshot')).toMatchObject([
    image(first, 0, 'initial'),
    image(second, 0, 'initial'),
  ])
  collector.add(second, 2)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    market: second,
    seq: [collector.seq(1), collector.seq(2)],
  })
})

test('made-up markets, events and series are rejected, and no object is made for them', async () => {
  const stream = await streams.open()
  stream.send({ op: 'subscribe', markets: ['MADE-UP'], events: ['NO-EVENT'], series: ['NO'] })
  const subscribed = await stream.nextWith('type', 'subscribed')
  expect(subscribed).toMatchObject({ accepted: 0 })
  expect(subscribed['rejected']).toHaveLength(3)
  expect(await stream.nextWith('type', 'ready')).toEqual({ type: 'ready', sub: 1 })
  const { status } = await call('/v1/markets/MADE-UP/orderbook')
  expect(status).toBe(404)
  expect(collector.socket.messages.filter(({ watch }) => String(watch).includes('MADE'))).toEqual(
    [],
  )
})

test('a market in two subscriptions is delivered once, by the lower one’s style, then by the other’s', async () => {
  const stream = await streams.follow({ markets: [first], depth: 1 })
  stream.send({ op: 'subscribe', events: [`${series}-26NOV22`] })
  await stream.nextWith('sub', 2)
  await stream.nextWith('type', 'ready')
  collector.add(first, 2)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(1), collector.seq(2)],
    d: [['yes', '0.4000', null, '7.00', null, expect.any(Number)]],
  })
  stream.send({ op: 'unsubscribe', sub: 1 })
  expect(await stream.nextWith('type', 'unsubscribed')).toMatchObject({ sub: 1 })
  expect(await stream.nextWith('type', 'snapshot')).toMatchObject(image(first, 2, 'resync'))
  collector.add(first)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    d: [['yes', '0.4000', '1.00', '8.00', null, expect.any(Number)]],
  })
  expect(ofType(stream, 'deltas')).toHaveLength(2)
})

test('changes are gathered for as long as is asked, and who joins late stands where the others do', async () => {
  const style = { markets: [first], conflate_ms: 50 }
  const stream = await streams.follow(style)
  for (let i = 0; i < 3; i++) collector.add(first)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(1), collector.seq(3)],
    d: [['yes', '0.4000', null, '8.00', null, expect.any(Number)]],
  })
  const late = await streams.follow(style)
  collector.add(first)
  for (const each of [stream, late]) {
    expect(await each.nextWith('type', 'deltas')).toMatchObject({
      seq: [collector.seq(4), collector.seq(4)],
      d: [['yes', '0.4000', null, '9.00', null, expect.any(Number)]],
    })
  }
})

test('a series has its new markets join and its settled ones leave, each told', async () => {
  const stream = await streams.follow({ series: [series] })
  const third = `${series}-26NOV22-T3`
  const listing = { event: `${series}-26NOV22`, series }
  collector.known(third)
  collector.socket.send({ directory: [{ m: third, ...listing, status: 'active' }] })
  expect(await stream.nextWith('type', 'joined')).toMatchObject({ sub: 1, markets: [third] })
  expect(await stream.nextWith('market', third)).toMatchObject(image(third, 0, 'initial'))
  collector.socket.send({ directory: [{ m: first, ...listing, status: 'determined' }] })
  collector.socket.send({ directory: [{ m: first, ...listing, status: 'finalized' }] })
  expect(await stream.nextWith('type', 'left')).toMatchObject({ sub: 1, markets: [first] })
  collector.add(first)
  collector.add(third)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({ market: third })
})

test('when another collector comes selections are made anew from the database', async () => {
  const stream = await streams.follow({ series: [series] })
  const third = `${series}-26NOV22-T3`
  await storeMarket(third)
  await asOwner((sql) => sql`update kb.markets set status = 'finalized' where ticker = ${second}`)
  collector.disconnect()
  await stream.nextWith('feed', 'down')
  collector.known(third)
  await collector.connect()
  // The first collector's coming may have it made anew so late that this is told before it goes.
  await expect.poll(() => ofType(stream, 'left')).toMatchObject([{ markets: [second] }])
  await expect.poll(() => ofType(stream, 'joined')).toMatchObject([{ markets: [third] }])
  const books = () => stream.messages.filter((message) => message['market'] === third)
  await expect.poll(books).toMatchObject([image(third, 0, 'initial')])
})

test('trades, status and best bid and ask are told to whom they concern alone', async () => {
  const all = await streams.follow({ markets: [first], channels: ['trade', 'status', 'bbo'] })
  const books = await streams.follow({ markets: [first] })
  expect(ofType(all, 'bbo')).toMatchObject([{ bid: ['0.4000', '5.00'], ask: null, known: true }])
  collector.add(first)
  expect(await all.nextWith('type', 'bbo')).toMatchObject({
    seq: collector.seq(1),
    bid: ['0.4000', '6.00'],
  })
  const fixed = { result: 'yes', settlement_value: '1.0000', event_us: null, recv_us: 1 }
  const status = { market_status: 'determined', ...fixed }
  const item: FeedItem = { m: first, trades: [{ ...tradeOf(first), trade_id: 't1' }], status }
  collector.send([item])
  expect(await all.nextWith('type', 'trade')).toMatchObject({ market: first, trade_id: 't1' })
  expect(ofType(all, 'status')).toEqual([{ type: 'status', market: first, ...status }])
  collector.add(first)
  await books.nextWith('type', 'deltas')
  expect(ofType(all, 'deltas').concat(ofType(all, 'snapshot'))).toEqual([])
  expect(ofType(books, 'trade').concat(ofType(books, 'bbo'), ofType(books, 'status'))).toEqual([])
})

/** Has markets that nobody follows any more stay so long, in the test that asks for it. */
async function linger(ms: number): Promise<void> {
  const set = async (value: object) =>
    runInDurableObject(await gateway(), (object) => void Reflect.set(object, 'env', value))
  await set({ ...env, GATEWAY_LINGER_MS: String(ms) })
  onTestFinished(() => set(env))
}

test('who returns gets exactly what it missed, from what is still held', async () => {
  await linger(15_000)
  const stream = await streams.follow({ markets: [first, second] })
  collector.add(first, 4)
  await stream.nextWith('type', 'deltas')
  stream.close()
  const back = await streams.follow({ markets: [first] }, { [first]: collector.seq(2) })
  expect(ofType(back, 'snapshot')).toEqual([])
  expect(ofType(back, 'deltas')).toMatchObject([{ seq: [collector.seq(3), collector.seq(4)] }])
})

test('who claims more than there is is told so, and who comes from before all gets an image', async () => {
  const ahead = await streams.follow({ markets: [first] }, { [first]: collector.seq(99) })
  expect(ofType(ahead, 'error')).toMatchObject([{ code: 'resume_ahead', market: first }])
  expect(ofType(ahead, 'snapshot')).toMatchObject([image(first, 0, 'resume_miss')])
  const old = seqOf((epoch - 1) as Epoch, 5)
  const late = await streams.follow({ markets: [first] }, { [first]: old })
  expect(ofType(late, 'snapshot')).toMatchObject([image(first, 0, 'resume_miss')])
})

test('who comes back to a series is told which of its markets are no longer of it', async () => {
  const have = { [first]: collector.seq(0), [second]: collector.seq(0) }
  await asOwner((sql) => sql`update kb.markets set status = 'finalized' where ticker = ${second}`)
  const stream = await streams.open()
  stream.send({ op: 'subscribe', series: [series], resume: have })
  await stream.nextWith('type', 'ready')
  expect(ofType(stream, 'left')).toEqual([{ type: 'left', sub: 1, markets: [second] }])
})

test('who was away longer than anything is held gets exactly what it missed, from the store', async () => {
  const id = await storeMarket(`${series}-26NOV22-T9`)
  const market = `${series}-26NOV22-T9`
  const recv = (Date.now() * 1000) as Micros
  const stamp = { recv, event: null }
  const yes = [[400_000 as Price, 500 as Size]] as const
  const delta = { kind: 'delta', ...stamp, side: 'yes', price: 400_000 as Price } as const
  await storeRecords(id, [
    { kind: 'snapshot', ...stamp, seq: collector.seq(0) as Seq, reason: 'first', yes, no: [] },
    ...[1, 2, 3].map((n) => {
      const change = { change: 100 as SizeChange, size: (500 + 100 * n) as Size }
      return { ...delta, ...change, seq: collector.seq(n) as Seq }
    }),
  ])
  await setWatermark((recv + 1000) as Micros)
  collector.books.set(market, { seq: collector.seq(3), yes: [['0.4000', '8.00']], no: [] })
  const stream = await streams.follow({ markets: [market] }, { [market]: collector.seq(1) })
  expect(ofType(stream, 'snapshot')).toEqual([])
  expect(ofType(stream, 'deltas')).toMatchObject([{ seq: [collector.seq(2), collector.seq(3)] }])
  collector.add(market)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(4), collector.seq(4)],
  })
})

test('who asks for trades from a moment on is told them, or that some may be missing', async () => {
  const from_us = Date.now() * 1000 - 60_000_000
  const asked = { markets: [first], channels: ['trade'], resume_trades_us: from_us }
  const stream = await streams.follow(asked)
  // The store is given two seconds, and who is ready was told.
  const told = stream.messages.filter(({ channel }) => channel === 'trade')
  expect(told).toContainEqual(expect.objectContaining({ type: 'gap', to_us: expect.any(Number) }))
})

test('an evicted gateway opens all again, sends images and loses nothing', async () => {
  const stream = await streams.follow({ markets: [first], series: [series] })
  collector.add(first)
  await stream.nextWith('type', 'deltas')
  await forget()
  collector.add(first, 3)
  const images = [await stream.nextWith('image', true), await stream.nextWith('image', true)]
  expect(images.find(({ market }) => market === first)).toMatchObject(image(first, 4, 'resync'))
  collector.add(first)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(5), collector.seq(5)],
  })
  stream.send({ op: 'subscribe', markets: [second] })
  expect(await stream.nextWith('type', 'subscribed')).toMatchObject({ sub: 2 })
})

test('an evicted shard goes on without a loss', async () => {
  const stream = await streams.follow({ markets: [first] })
  await evictDurableObject(shardStub(env, 0, 1))
  collector.add(first, 2)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(1), collector.seq(2)],
  })
})

test('across collectors a book goes on by its gap, and trades between them are told as missing', async () => {
  const stream = await streams.follow({ markets: [first], channels: ['book', 'trade'] })
  collector.disconnect()
  await stream.nextWith('feed', 'down')
  await setLease(epoch + 1)
  const last = collector.seq(0)
  collector = new TestCollector(epoch + 1)
  const gap = gapOf(collector.seq(0), last)
  collector.books.set(first, { seq: gap.seq, yes: [], no: [], gap })
  await collector.connect()
  expect(await stream.nextWith('cause', 'cut')).toMatchObject({ seq: gap.seq, prev_seq: last })
  collector.send([{ m: first, records: [snapshotOf(collector.seq(1), '9.00')] }])
  expect(await stream.nextWith('type', 'snapshot')).toMatchObject({ image: false })
  const holes = () => ofType(stream, 'gap').filter(({ channel }) => channel === 'trade')
  while (holes().at(-1)?.['to_us'] === null) await stream.nextWith('channel', 'trade')
  const [lost, found] = holes().slice(-2)
  expect(lost).toMatchObject({ from_us: found?.['from_us'], to_us: null })
  expect(found?.['to_us']).toBeGreaterThan(Number(found?.['from_us']))
})

test('two accounts follow one market apart, and what one does is not the other’s', async () => {
  const stream = await streams.follow({ markets: [first] })
  const other = await another()
  other.send({ op: 'subscribe', markets: [first] })
  await other.nextWith('type', 'ready')
  collector.add(first)
  await stream.nextWith('type', 'deltas')
  await other.nextWith('type', 'deltas')
  other.close()
  await collector.socket.nextWith('ack')
  collector.add(first)
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(2), collector.seq(2)],
  })
})

test('when nobody is left nothing is followed any more', async () => {
  const stream = await streams.follow({ series: [series] })
  stream.close()
  const left = new Set<unknown>()
  while (!left.has(first) || !left.has(second)) {
    const { unwatch } = await collector.socket.nextWith('unwatch')
    for (const market of unwatch as string[]) left.add(market)
  }
  await runInDurableObject(await gateway(), async (_, { storage }) => {
    await expect.poll(() => storage.getAlarm()).toBeNull()
  })
})

/** A stream of another account. */
async function another(): Promise<TestSocket> {
  const headers = { Upgrade: 'websocket', ...leaseHeaders('starter') }
  const request = new Request('https://object/', { headers })
  const { webSocket } = await gatewayStub(env, 'another').fetch(request)
  if (webSocket === null) throw new Error('no websocket')
  return new TestSocket(webSocket)
}

test('a slow reader is warned, owed images in place of a backlog, and costs nobody else anything', async () => {
  const slow = await streams.follow({ markets: [first, second], channels: ['book', 'trade'] })
  await setUnsent(300 * 1024)
  const quick = await streams.follow({ markets: [first] })
  for (let i = 0; i < 3; i++) collector.add(first)
  collector.send([{ m: first, trades: [{ ...tradeOf(first), trade_id: 't1' }] }])
  expect(await slow.nextWith('type', 'warning')).toMatchObject({ code: 'slow_consumer' })
  await quick.nextWith('type', 'deltas')
  await quick.nextWith('type', 'deltas')
  await quick.nextWith('type', 'deltas')
  expect(ofType(slow, 'deltas').concat(ofType(slow, 'trade'))).toEqual([])
  await setUnsent(0)
  expect(await slow.nextWith('type', 'snapshot')).toMatchObject(image(first, 3, 'slow_consumer'))
  expect(ofType(slow, 'gap')).toContainEqual(expect.objectContaining({ market: first }))
  collector.add(first)
  expect(await slow.nextWith('type', 'deltas')).toMatchObject({ market: first })
})

test('a reader that holds more than a megabyte is closed with 4007', async () => {
  const slow = await streams.follow({ markets: [first] })
  await setUnsent(1024 * 1024 + 1)
  collector.add(first)
  expect(await slow.closed).toMatchObject({ code: 4007 })
})

test.each([
  ['no JSON', '{', 'bad_json'],
  ['an unknown op', '{"op":"shout"}', 'unknown_op'],
  ['no selection', '{"op":"subscribe"}', 'invalid_param'],
  ['a depth that there is not', '{"op":"subscribe","markets":["A"],"depth":3}', 'invalid_param'],
  ['a channel that is not here', '{"op":"subscribe","channels":["tape"]}', 'invalid_param'],
  ['a resync of what is not followed', '{"op":"resync","market":"A"}', 'unknown_market'],
  ['an unsubscribe of what is not', '{"op":"unsubscribe","sub":9}', 'invalid_param'],
])('%s is an error, and the stream goes on', async (_, text, code) => {
  const stream = await streams.open()
  stream.send(text)
  expect(await stream.next()).toMatchObject({ type: 'error', code })
  stream.send({ op: 'ping' })
  expect(await stream.next()).toEqual({ type: 'pong' })
})

test('three in a row that cannot be obeyed close the stream, readable or not', async () => {
  const stream = await streams.open()
  stream.send({ op: 'resync', market: 'A' })
  stream.sendBytes(new Uint8Array([1]))
  expect(await stream.next()).toMatchObject({ code: 'unknown_market' })
  expect(await stream.next()).toMatchObject({ code: 'binary' })
  stream.send({ op: 'subscribe' })
  expect(await stream.closed).toMatchObject({ code: 1008 })
})

test('more than twenty messages in a second are refused one by one, and then the stream is closed', async () => {
  const stream = await streams.open()
  for (let i = 0; i < 60; i++) stream.send({ op: 'ping' })
  expect(await stream.nextWith('type', 'error')).toMatchObject({ code: 'rate_limited' })
  expect(await stream.closed).toMatchObject({ code: 4008 })
})

test('a message that is too large is an error, and one beyond all bounds closes the stream', async () => {
  const stream = await streams.open()
  stream.send(`{"op":"ping"}${' '.repeat(64 * 1024)}`)
  expect(await stream.next()).toMatchObject({ type: 'error', code: 'too_large' })
  stream.send(`{"op":"ping"}${' '.repeat(1024 * 1024)}`)
  expect(await stream.closed).toMatchObject({ code: 1009 })
})

test('more markets than the plan allows are rejected by name, and refused by selection', async () => {
  await asOwner(
    (sql) => sql`
    insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
      first_seen_us, updated_us)
    select ${`${series}-MANY-`} || n, ${`${series}-MANY`}, ${series}, 'A question', 'binary',
      'active', '{}', 1, 1
    from generate_series(1, 5001) n`,
  )
  const stream = await streams.open()
  stream.send({ op: 'subscribe', id: 1, events: [`${series}-MANY`] })
  expect(await stream.next()).toMatchObject({ type: 'error', id: 1, code: 'too_many_markets' })
  const markets = Array.from({ length: 5001 }, (_, i) => `${series}-MANY-${i + 1}`)
  stream.send({ op: 'subscribe', id: 2, markets })
  const subscribed = await stream.nextWith('type', 'subscribed')
  expect(subscribed).toMatchObject({ accepted: 5000 })
  expect(subscribed['rejected']).toMatchObject([{ code: 'too_many_markets' }])
})

test('more connections than the plan allows are refused on the upgrade', async () => {
  for (let i = 0; i < 10; i++) await streams.open()
  const headers = { Upgrade: 'websocket', 'X-API-Key': env.TEST_KEYS.good }
  const answer = await call('/v1/stream', headers)
  expect(answer).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } })
})
