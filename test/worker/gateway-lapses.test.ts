import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Epoch, seqOf } from '#core/log'
import { UNSENT } from '#core/outgoing'
import { GatewayMemory } from '../../worker/live/gateway-memory.ts'
import { shardStub } from '../../worker/live/stubs.ts'
import { deltaOf, gapOf, TestCollector } from './collector.ts'
import { forget, gateway, setUnsent } from './gateway-object.ts'
import { GatewayStreams } from './gateway-streams.ts'
import { ofType } from './socket.ts'
import { setLease, setWatermark, storeMarket } from './store.ts'

const streams = new GatewayStreams()
let epoch = 16_000
let tests = 0
let collector: TestCollector
let market: string
let other: string

beforeEach(async () => {
  epoch += 10
  tests += 1
  market = `LAPSE${tests}-26NOV22-T1`
  other = `LAPSE${tests}-26NOV22-T2`
  for (const ticker of [market, other]) await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(market)
  collector.known(other)
  await collector.connect()
})

afterEach(() => {
  collector.fallSilent()
  streams.end()
})

const endOf = (n: number) => {
  const recv_us = Date.now() * 1000
  return { type: 'end', seq: collector.seq(n), reason: 'settled', event_us: null, recv_us } as const
}

test('a book that turns out wrong twice within a second is asked for again, though nothing more comes of it', async () => {
  const stream = await streams.follow({ markets: [market] })
  for (const n of [1, 2]) {
    const size = `${5 + n}.00`
    collector.books.set(market, { seq: collector.seq(n), yes: [['0.4000', size]], no: [] })
    collector.send([{ m: market, records: [deltaOf(collector.seq(n), '1.00', size)], sum: 7 }])
    expect(await stream.nextWith('image', true)).toMatchObject({ seq: collector.seq(n) })
  }
  expect(ofType(stream, 'deltas')).toEqual([])
})

test('a customer that is given up in the middle of its subscribe leaves nothing behind that stays awake', async () => {
  const stream = await streams.open()
  await setUnsent(UNSENT.most + 1)
  stream.send({ op: 'subscribe', markets: [market, other] })
  expect(await stream.closed).toMatchObject({ code: 4007 })
  await runInDurableObject(await gateway(), async (_, { storage }) => {
    await expect.poll(() => storage.getAlarm()).toBeNull()
  })
})

test('a book that is asked for anew on a connection that had it begins with its gap', async () => {
  const stream = await streams.follow({ markets: [market] })
  collector.send([{ m: market, records: [gapOf(collector.seq(1), collector.seq(0))] }])
  await stream.nextWith('cause', 'cut')
  stream.send({ op: 'subscribe', markets: [market], channels: ['status'] })
  stream.send({ op: 'unsubscribe', sub: 1 })
  await stream.nextWith('type', 'unsubscribed')
  stream.send({ op: 'subscribe', markets: [market] })
  expect(await stream.nextWith('cause', 'cut')).toMatchObject({ seq: collector.seq(1) })
})

test('a beat names no book that is not followed any more', async () => {
  const stream = await streams.follow({ markets: [market] })
  stream.send({ op: 'subscribe', markets: [market], channels: ['status'] })
  stream.send({ op: 'unsubscribe', sub: 1 })
  await stream.nextWith('type', 'unsubscribed')
  collector.disconnect()
  expect(await stream.nextWith('feed', 'down')).toHaveProperty('books', {})
})

test('best bid and ask of a market that has ended are those of its last book', async () => {
  await streams.follow({ markets: [market] })
  collector.send([{ m: market, records: [endOf(1)] }])
  const stream = await streams.follow({ markets: [market], channels: ['bbo'] })
  await expect
    .poll(() => ofType(stream, 'bbo'))
    .toMatchObject([{ known: true, bid: ['0.4000', '5.00'] }])
})

test('who asks for an image while it is owed one is told of an end that came meanwhile', async () => {
  const slow = await streams.follow({ markets: [market] })
  await setUnsent(300 * 1024)
  const quick = await streams.follow({ markets: [market] })
  slow.send({ op: 'resync', market })
  slow.send({ op: 'ping' })
  await slow.nextWith('type', 'pong')
  collector.send([{ m: market, records: [endOf(1)] }])
  await quick.nextWith('type', 'end')
  await setUnsent(0)
  expect(await slow.nextWith('image', true)).toMatchObject({ seq: collector.seq(0) })
  expect(await slow.nextWith('type', 'end')).toMatchObject({ seq: collector.seq(1) })
})

test('who asks for an image while its records are looked for in the store gets it at once, and once', async () => {
  const old = { [market]: seqOf((epoch - 1) as Epoch, 5) }
  const stream = await streams.open(env.TEST_KEYS.good, old)
  stream.send({ op: 'subscribe', markets: [market], resume: old })
  stream.send({ op: 'subscribe', markets: [other] })
  await stream.nextWith('market', other)
  stream.send({ op: 'resync', market })
  expect(await stream.nextWith('market', market)).toMatchObject({ reason: 'resync' })
  await stream.nextWith('type', 'ready')
  collector.add(market)
  expect(await stream.nextWith('market', market)).toMatchObject({ type: 'deltas' })
})

test('markets that are refused to free accounts are asked for again by who subscribes again', async () => {
  const shard = shardStub(env, 0, 1)
  await runInDurableObject(shard, (instance) => {
    Reflect.set(instance, 'env', { ...env, FREE_WATCHES: '0' })
  })
  const stream = await streams.open(env.TEST_KEYS.free)
  stream.send({ op: 'subscribe', markets: [market] })
  expect(await stream.nextWith('code', 'too_many_markets')).toMatchObject({ type: 'error', market })
  expect(await stream.nextWith('type', 'ready')).toEqual({ type: 'ready', sub: 1 })
  await runInDurableObject(shard, (instance) => {
    Reflect.set(instance, 'env', env)
  })
  stream.send({ op: 'unsubscribe', sub: 1 })
  stream.send({ op: 'subscribe', markets: [market] })
  expect(await stream.nextWith('image', true)).toMatchObject({ market, reason: 'initial' })
})

test('two accounts and two keys: each has its own connections, subscriptions and faults', async () => {
  const mine = await streams.follow({ markets: [market] })
  const theirs = await streams.open(env.TEST_KEYS.other)
  theirs.send({ op: 'unsubscribe', sub: 1 })
  expect(await theirs.nextWith('type', 'error')).toMatchObject({ code: 'invalid_param' })
  theirs.send({ op: 'subscribe', markets: [market] })
  await theirs.nextWith('type', 'ready')
  const second = await streams.open(env.TEST_KEYS.live)
  second.send({ op: 'resync', market })
  expect(await second.nextWith('type', 'error')).toMatchObject({ code: 'unknown_market' })
  collector.add(market)
  for (const each of [mine, theirs]) await each.nextWith('type', 'deltas')
  expect(ofType(second, 'deltas')).toEqual([])
})

test('a subscription that was not ready when its gateway was evicted is told that it is, once', async () => {
  await setWatermark(null)
  const from = (Date.now() - 60_000) * 1000
  collector.answers = false
  const stream = await streams.open()
  const channels = ['book', 'trade']
  stream.send({ op: 'subscribe', markets: [market, other], channels, resume_trades_us: from })
  await stream.nextWith('type', 'subscribed')
  await forget()
  collector.answers = true
  const begun = stream.messages.length
  expect(await stream.nextWith('type', 'ready')).toEqual({ type: 'ready', sub: 1 })
  expect(stream.messages.slice(begun).filter(({ image }) => image === true)).toHaveLength(2)
  // Of what it wants the store has nothing: the resume that is made again says so.
  const isTold = () => ofType(stream, 'gap').some((gap) => (gap['from_us'] as number) <= from)
  await expect.poll(isTold).toBe(true)
  await forget()
  for (const each of [1, 2]) expect(await stream.nextWith('image', true), `${each}`).toBeDefined()
  stream.send({ op: 'ping' })
  await stream.nextWith('type', 'pong')
  expect(ofType(stream, 'ready')).toHaveLength(1)
})

test('trades that were being looked for when a gateway was evicted are looked for again, and ready is told after them', async () => {
  const stream = await streams.follow({ markets: [market], channels: ['trade'] })
  const from = (Date.now() - 60_000) * 1000
  await runInDurableObject(await gateway(), (_, { storage }) => {
    const [row] = storage.sql.exec('select connection from subs').toArray()
    new GatewayMemory(storage.sql).owe(String(row?.['connection']), 1, from)
  })
  await forget()
  expect(await stream.nextWith('from_us', from)).toMatchObject({ to_us: expect.any(Number) })
  expect(await stream.nextWith('type', 'ready')).toEqual({ type: 'ready', sub: 1 })
})

test('an object whose table of what is owed has a column more keeps what is owed', async () => {
  await streams.open()
  await runInDurableObject(await gateway(), (_, { storage: { sql } }) => {
    sql.exec('drop table owed')
    sql.exec(`create table owed (
      connection text, sub integer, is_ready integer, trades_us integer, primary key (connection, sub))`)
    const memory = new GatewayMemory(sql)
    const wanted = { events: [], series: [], depth: null, conflate_ms: 0, all: false }
    memory.open('c', 1, { ...wanted, channels: ['trade'], markets: [market] }, [market])
    memory.owe('c', 1, 7)
    expect(memory.load('c')).toMatchObject([{ sub: 1, owed: { tradesFromUs: 7 } }])
    memory.forget('c')
    sql.exec('drop table owed')
    // As it is made now, for the object that goes on.
    new GatewayMemory(sql)
  })
})

test('markets that a selection has no room for are told of once until it fits again', async () => {
  const series = `LAPSE${tests}`
  const event = `${series}-26NOV22`
  const listed = (m: string, status = 'active') =>
    collector.socket.send({ directory: [{ m, event, series, status }] })
  const named = Array.from({ length: 8 }, (_, n) => `FULL${tests}-26NOV22-T${n}`)
  for (const each of named) await storeMarket(each)
  const stream = await streams.open(env.TEST_KEYS.free)
  stream.send({ op: 'subscribe', series: [series] })
  await stream.nextWith('type', 'ready')
  stream.send({ op: 'subscribe', markets: named })
  await stream.nextWith('accepted', named.length)
  for (const n of [3, 4]) listed(`${event}-T${n}`)
  listed(market, 'finalized')
  await stream.nextWith('type', 'left')
  const full = () => ofType(stream, 'error')
  expect(full()).toMatchObject([{ code: 'too_many_markets', market: `${event}-T3` }])
  listed(`${event}-T4`)
  await stream.nextWith('type', 'joined')
  listed(`${event}-T5`)
  await stream.nextWith('market', `${event}-T5`)
  expect(full()).toHaveLength(2)
})

test('the markets that come and go are kept in few rows', async () => {
  await streams.open()
  await runInDurableObject(await gateway(), (_, { storage }) => {
    const memory = new GatewayMemory(storage.sql)
    const none = { events: [], series: [], depth: null, conflate_ms: 0 }
    memory.open('c', 1, { ...none, channels: ['book'], markets: [], all: true }, ['A', 'B'])
    memory.move('c', { sub: 1, joined: [], left: ['A'] })
    const names = Array.from({ length: 1500 }, (_, i) => `M${i}`)
    for (const name of names) memory.move('c', { sub: 1, joined: [name], left: [] })
    const [{ rows } = { rows: null }] = storage.sql
      .exec('select count(*) rows from moved')
      .toArray()
    expect(rows).toBeLessThan(500)
    expect([...(memory.load('c')[0]?.members ?? [])].sort()).toEqual(['B', ...names].sort())
    memory.forget('c')
  })
})
