import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import { BookFeed } from '../../worker/live/book-feed.ts'
import { CollectorLink } from '../../worker/live/collector-link.ts'
import { FeedShard } from '../../worker/live/feed-shard.ts'
import { GatewaySockets } from '../../worker/live/gateway-sockets.ts'
import { GatewaysFeed } from '../../worker/live/gateways-feed.ts'
import { MarketBook } from '../../worker/live/market-book.ts'
import { MarketLanes } from '../../worker/live/market-lanes.ts'
import { GATEWAY_HEADER } from '../../worker/live/stream-headers.ts'
import { shardStub } from '../../worker/live/stubs.ts'
import { Watchers } from '../../worker/live/watchers.ts'
import { TestCollector, tradeOf } from './collector.ts'
import { openStream, type TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

const [BAD, GOOD] = ['ERRS-26NOV22-BAD', 'ERRS-26NOV22-GOOD']
let epoch = 9000
let stored = false
let collector: TestCollector
let streams: TestSocket[]

beforeEach(async () => {
  epoch += 10
  if (!stored) for (const market of [BAD, GOOD]) await storeMarket(market)
  stored = true
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(BAD)
  collector.known(GOOD)
  await collector.connect()
  streams = [await openStream(BAD), await openStream(GOOD)]
  for (const stream of streams) {
    stream.send({ op: 'subscribe', channels: ['book', 'trade'] })
    await stream.nextWith('type', 'ready')
  }
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const stream of streams) stream.close()
  collector.disconnect()
})

/** Has one market's object do something else with the next item. */
function instead(run: () => Promise<never>): void {
  const { apply } = MarketBook.prototype
  let due = true
  vi.spyOn(MarketBook.prototype, 'apply').mockImplementation(function (
    this: MarketBook,
    item: FeedItem,
    feeding,
  ) {
    if (item.m !== BAD || !due) return apply.call(this, item, feeding)
    due = false
    return run() as never
  })
}

test('an object that fails keeps nobody from theirs, is given its book again, and its trades are a gap', async () => {
  const [bad, good] = streams
  instead(() => Promise.reject(new Error('the object failed')))
  const lost = tradeOf(BAD)
  collector.send([
    { m: BAD, trades: [lost] },
    { m: GOOD, trades: [tradeOf(GOOD)] },
  ])
  expect(await good?.next()).toMatchObject({ type: 'trade' })
  expect(await bad?.nextWith('channel')).toMatchObject({
    type: 'gap',
    market: BAD,
    from_us: lost.recv_us,
  })
  collector.add(BAD)
  expect(await bad?.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(1), collector.seq(1)],
  })
  expect(await shardStub(env, 0, 1).status()).toMatchObject({ feed: 'healthy' })
})

test('an object that hangs keeps nobody waiting, is told nothing more meanwhile, and then all anew', async () => {
  const [bad, good] = streams
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const { apply } = MarketBook.prototype
  let calls = 0
  let hangs = true
  vi.spyOn(MarketBook.prototype, 'apply').mockImplementation(function (
    this: MarketBook,
    item: FeedItem,
    feeding,
  ) {
    if (item.m !== BAD || !hangs) return apply.call(this, item, feeding)
    calls += 1
    return promise as never
  })
  const acked = (n: number) =>
    expect.poll(() => collector.socket.messages.some(({ ack }) => ack === n)).toBe(true)
  const first = tradeOf(BAD)
  await acked(collector.send([{ m: BAD, trades: [first] }]))
  const begun = Date.now()
  for (let i = 0; i < 20; i += 1) {
    await acked(
      collector.send([
        { m: BAD, trades: [tradeOf(BAD)] },
        { m: GOOD, trades: [tradeOf(GOOD)] },
      ]),
    )
    expect(await good?.next()).toMatchObject({ type: 'trade' })
  }
  // Each would wait for a second, were it not left behind.
  expect(Date.now() - begun).toBeLessThan(10_000)
  expect(calls).toBeLessThan(5)
  hangs = false
  resolve({ kind: 'taken' })
  collector.books.set(BAD, { seq: collector.seq(9), yes: [['0.4000', '9.00']], no: [] })
  expect(await bad?.nextWith('channel')).toMatchObject({ type: 'gap', market: BAD })
  expect(await bad?.nextWith('type', 'snapshot')).toMatchObject({ seq: collector.seq(9) })
})

test('nothing is asked of the collector for an object that follows no more', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const { apply } = MarketBook.prototype
  const says = [{ kind: 'need', have: null }, { kind: 'idle' }]
  vi.spyOn(MarketBook.prototype, 'apply').mockImplementation(function (
    this: MarketBook,
    item: FeedItem,
    feeding,
  ) {
    if (item.m === GOOD && says.length > 0) return promise as never
    const said = item.m === BAD && says.shift()
    return said ? ({ ...said, token: feeding.token } as never) : apply.call(this, item, feeding)
  })
  // The batch in which it needs something is held up, and it is idle before that is over.
  const first = collector.send([
    { m: GOOD, trades: [tradeOf(GOOD)] },
    { m: BAD, trades: [] },
  ])
  collector.answers = false
  collector.send([{ m: BAD, trades: [] }])
  expect(await collector.socket.nextWith('unwatch')).toEqual({ unwatch: [BAD] })
  resolve({ kind: 'taken' })
  const { messages } = collector.socket
  await expect.poll(() => messages.some(({ ack }) => ack === first)).toBe(true)
  const needs = messages.filter((message) => 'need' in message)
  expect(JSON.stringify(needs)).not.toContain(BAD)
})

test('a shard that is restarting is asked once more, so that a subscriber is not left without a watch', async () => {
  const { watch } = FeedShard.prototype
  let fails = 1
  vi.spyOn(FeedShard.prototype, 'watch').mockImplementation(function (this: FeedShard, ...asked) {
    if (fails === 0) return watch.apply(this, asked)
    fails -= 1
    return Promise.reject(new Error('the shard restarts'))
  })
  await storeMarket('ERRS-26NOV22-NEW')
  collector.known('ERRS-26NOV22-NEW')
  const stream = await openStream('ERRS-26NOV22-NEW')
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  collector.add('ERRS-26NOV22-NEW')
  expect(await stream.next()).toMatchObject({ type: 'deltas' })
  stream.close()
})

test('an alarm that the platform gave up is set again while beats come', async () => {
  const shard = shardStub(env, 0, 1)
  await runInDurableObject(shard, async (instance, { storage }) => {
    Reflect.set(instance, 'env', { ...env, FEED_HEARTBEAT_MS: '50' })
    await storage.deleteAlarm()
  })
  const alarm = () => runInDurableObject(shard, (_, { storage }) => storage.getAlarm())
  await expect.poll(alarm).not.toBeNull()
  await runInDurableObject(shard, (instance) => Reflect.set(instance, 'env', env))
})

test('a gateway that reads nothing is left behind, with all that it followed', async () => {
  const market = 'ERRS-26NOV22-GATEWAY' as Ticker
  const closed: number[] = []
  const socket = {
    bufferedAmount: 0,
    serializeAttachment: () => {},
    send: () => {},
    close: (code: number) => closed.push(code),
  }
  const headers = { [GATEWAY_HEADER]: 'stalled' }
  const left = await runInDurableObject(shardStub(env, 0, 1), (_, { storage: { sql } }) => {
    const sockets = new GatewaySockets([])
    const watchers = new Watchers(sql, sockets.paying, () => 10)
    const link = new CollectorLink(null)
    const lanes = new MarketLanes(() => never())
    const books = new BookFeed(lanes, watchers, link)
    const gateways = new GatewaysFeed(sockets, watchers, link, books)
    const fake = socket as unknown as WebSocket
    gateways.open(fake, new Request('https://object/', { headers }))
    gateways.hear(fake, JSON.stringify({ watch: [[market, null]] }))
    const before = watchers.isFollowed(market)
    socket.bufferedAmount = 17 * 1024 * 1024
    gateways.beat()
    gateways.beat()
    const rows = sql.exec('select * from declared where market = ?', market).toArray()
    return { before, after: watchers.isFollowed(market), rows }
  })
  expect(left).toEqual({ before: true, after: false, rows: [] })
  expect(closed).toEqual([1013])
})

function never(): never {
  throw new Error('not to be called')
}
