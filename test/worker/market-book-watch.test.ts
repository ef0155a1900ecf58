import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { Level, Seq } from '#core/log'
import { parseTicker, type Ticker } from '#core/ticker'
import { marketStub, shardStub } from '../../worker/live/stubs.ts'
import { call, dataOf } from './api.ts'
import { TestCollector } from './collector.ts'
import { openGateway } from './gateway-socket.ts'
import { later } from './later.ts'
import { leaseHeaders } from './leases.ts'
import { closeStreams, openStream, TestSocket } from './socket.ts'
import { setLease, setWatermark, storeMarket, storeRecords } from './store.ts'

let epoch = 9000
let tests = 0
let marketId: number
let collector: TestCollector
/** Each test has a market of its own. */
let ticker: Ticker
let path: string
const shard = () => shardStub(env, 0, 1)
const book = () => marketStub(env, ticker)

beforeEach(async () => {
  epoch += 10
  tests += 1
  ticker = parseTicker(`WATCH-26NOV22-T${tests}`) ?? never()
  path = `/v1/markets/${ticker}/orderbook?view=native`
  marketId = await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(ticker)
  await collector.connect()
})

afterEach(async () => {
  closeStreams()
  collector.fallSilent()
  await runInDurableObject(shard(), (instance) => Reflect.set(instance, 'env', env))
})

function never(): never {
  throw new Error('no ticker')
}

/** What the collector was asked for the market, in order. */
function asked(): string[] {
  return collector.socket.messages.flatMap((message) =>
    ['watch', 'unwatch', 'need', 'peek'].filter((word) =>
      JSON.stringify(message[word] ?? null).includes(`"${ticker}"`),
    ),
  )
}

test('a first read is one peek however many wait for it, and nothing of it stays', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => book().book(true)))
  for (const answer of answers) {
    expect(answer).toMatchObject({
      kind: 'book',
      live: true,
      seq: collector.seq(0),
      book: { yes: [[400_000, 500]], no: [] },
      proof: { openingSeq: collector.seq(0), deltasApplied: 0 },
    })
  }
  expect(asked()).toEqual(['peek'])
  const watched = await runInDurableObject(shard(), (_, state) =>
    state.storage.sql.exec('select * from book_watches where market = ?', ticker).toArray(),
  )
  expect(watched).toEqual([])
})

test('a second read within a minute is a watch, which a third finds', async () => {
  await dataOf(path)
  // That the object forgets in between changes nothing.
  await evictDurableObject(book())
  expect(await dataOf(path)).toMatchObject({ status: 'live', seq: collector.seq(0) })
  collector.add(ticker, 3)
  await expect.poll(() => dataOf(path)).toMatchObject({ status: 'live', seq: collector.seq(3) })
  expect(asked()).toEqual(['peek', 'watch'])
})

test('a read-watch ends by itself after a minute without reads, and the next read is a peek', async () => {
  await dataOf(path)
  await dataOf(path)
  await later(63_000, async () => {
    collector.beat()
    const { unwatch } = await collector.socket.nextWith('unwatch')
    expect(unwatch).toContain(ticker)
  })
  // What it held then is no answer now.
  const known = collector.books.get(ticker) ?? never()
  collector.books.set(ticker, { ...known, seq: collector.seq(9), yes: [['0.4000', '9.00']] })
  await later(130_000, () =>
    expect.poll(() => dataOf(path)).toMatchObject({ seq: collector.seq(9) }),
  )
  expect(asked().slice(0, 4)).toEqual(['peek', 'watch', 'unwatch', 'peek'])
})

test('reads prolong their watch, also those of a book that is fresh without asking', async () => {
  await dataOf(path)
  await dataOf(path)
  await later(40_000, async () => {
    collector.add(ticker)
    await expect.poll(() => dataOf(path)).toMatchObject({ seq: collector.seq(1) })
  })
  await later(80_000, async () => {
    collector.add(ticker)
    collector.beat()
    await expect.poll(() => dataOf(path)).toMatchObject({ seq: collector.seq(2) })
  })
  expect(asked()).not.toContain('unwatch')
  expect(asked().filter((word) => word === 'peek')).toHaveLength(1)
})

test('an object that nobody wants answers idle, and the collector hears of it', async () => {
  const stream = await openStream(ticker)
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  stream.close()
  await expect.poll(followers).toBe(0)
  collector.add(ticker)
  expect(await collector.socket.nextWith('unwatch')).toEqual({ unwatch: [ticker] })
  expect(await dataOf(path)).toMatchObject({ seq: collector.seq(1) })
  expect(asked()).toEqual(['watch', 'unwatch', 'peek'])
})

/** How many follow the market as its object knows, which hears of a socket's end a moment after the runtime. */
async function followers(): Promise<number> {
  return (await book().held()).length
}

test('a gateway that follows keeps the market watched when its object goes idle', async () => {
  const gateway = await openGateway('a')
  gateway.send({ watch: [[ticker, null]] })
  await gateway.nextWith('items')
  const stream = await openStream(ticker)
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  stream.close()
  await expect.poll(followers).toBe(0)
  collector.add(ticker)
  await gateway.nextWith('items')
  gateway.send({ unwatch: [ticker] })
  expect(await collector.socket.nextWith('unwatch')).toEqual({ unwatch: [ticker] })
  expect(asked()).not.toContain('peek')
})

test('an item that crosses a new watch is answered idle, and does not end that watch', async () => {
  const first = await openStream(ticker)
  first.send({ op: 'subscribe' })
  await first.nextWith('type', 'ready')
  first.close()
  await expect.poll(followers).toBe(0)
  // As the shard would call it, with the token that it knew before the next watch.
  const hole = null
  expect(await book().apply({ m: ticker }, { token: 1, hole })).toEqual({ kind: 'idle', token: 1 })
  const second = await openStream(ticker)
  second.send({ op: 'subscribe' })
  await second.nextWith('type', 'ready')
  expect(await book().heartbeat('healthy', 5, { token: 1, hole })).toEqual({ kind: 'listened' })
  collector.add(ticker)
  await second.nextWith('type', 'deltas')
  expect(asked()).not.toContain('unwatch')
})

test('invariant 9: an evicted object’s book is stale until it is contiguous again', async () => {
  await dataOf(path)
  await dataOf(path)
  await evictDurableObject(book())
  collector.answers = false
  const answer = await call(path)
  expect(answer.status).toBe(503)
  collector.answers = true
  await expect.poll(async () => (await call(path)).status).toBe(200)
})

test('trades and states alone do not make a forgotten book whole', async () => {
  const stream = await openStream(ticker)
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  collector.add(ticker)
  await stream.nextWith('type', 'deltas')
  await evictDurableObject(book())
  collector.answers = false
  collector.send([{ m: ticker, trades: [] }])
  const { need } = (await collector.socket.nextWith('need')) as { need: object[] }
  // It was kept as it was before the last record.
  expect(need).toEqual([{ m: ticker, have: collector.seq(0) }])
  expect((await call(path)).status).toBe(503)
})

test('free accounts watch so many markets together: one more is peeked, and cannot be followed', async () => {
  await runInDurableObject(shard(), (instance) => {
    Reflect.set(instance, 'env', { ...env, FREE_WATCHES: '0' })
  })
  const free = () => book().book(false)
  for (let i = 0; i < 3; i++) expect(await free()).toMatchObject({ kind: 'book', live: true })
  expect(asked()).toEqual(['peek', 'peek', 'peek'])
  const stream = await openFree()
  stream.send({ op: 'subscribe', id: 4 })
  expect(await stream.nextWith('type', 'error')).toMatchObject({ id: 4, code: 'too_many_markets' })
  // Once somebody who pays follows it, it costs nothing more.
  const paid = await openStream(ticker)
  paid.send({ op: 'subscribe' })
  await paid.nextWith('type', 'ready')
  stream.send({ op: 'subscribe', id: 5 })
  expect(await stream.next()).toMatchObject({ type: 'subscribed', id: 5 })
  await stream.nextWith('type', 'ready')
})

async function openFree(): Promise<TestSocket> {
  const headers = { Upgrade: 'websocket', ...leaseHeaders('free') }
  const { webSocket } = await book().fetch(new Request('https://object/', { headers }))
  return new TestSocket(webSocket ?? never())
}

const level = (price: number, size: number) => [price, size] as unknown as Level

/** A record that the feed did not bring. */
async function recorded(seq: number): Promise<void> {
  const recv = (Date.now() * 1000) as Micros
  const bid = level(410_000, 700)
  await storeRecords(marketId, [
    { kind: 'snapshot', seq: seq as Seq, recv, event: null, reason: 'first', yes: [bid], no: [] },
  ])
  await setWatermark(recv)
}

test.each([
  ['that is gone', () => collector.disconnect()],
  ['that is there and silent', () => silence()],
  ['that does not answer', () => deafen()],
])('with a collector %s the store answers within two seconds, as stale', async (_, cut) => {
  await recorded(collector.seq(4))
  cut()
  const begun = Date.now()
  const [answer, refused] = await Promise.all([dataOf<object>(`${path}&stale=allow`), call(path)])
  expect(Date.now() - begun).toBeLessThan(2000)
  expect(answer).toMatchObject({
    status: 'stale',
    seq: collector.seq(4),
    yes: [['0.4100', '7.00']],
  })
  expect(refused.status).toBe(503)
})

function silence(): void {
  collector.fallSilent()
  collector.answers = false
}

function deafen(): void {
  collector.answers = false
}

test('where the record went on and the feed did not, who is told a stale book is told the last one', async () => {
  await dataOf(path)
  await dataOf(path)
  await recorded(collector.seq(4))
  collector.disconnect()
  await expect
    .poll(() => dataOf(`${path}&stale=allow`))
    .toMatchObject({
      status: 'stale',
      seq: collector.seq(4),
    })
})

test('who was told that nobody vouches hears with the next beat that somebody does again', async () => {
  deafen()
  const stream = await openStream(ticker)
  stream.send({ op: 'subscribe' })
  await stream.nextWith('feed', 'down')
  collector.answers = true
  await stream.nextWith('type', 'ready')
  expect(await stream.nextWith('feed', 'healthy')).toMatchObject({
    type: 'heartbeat',
    books: { [ticker]: collector.seq(0) },
  })
})
