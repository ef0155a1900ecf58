import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FeedItem } from '#core/wire/feed'
import { toGateway } from '#core/wire/gateway-feed'
import { shardStub } from '../../worker/live/stubs.ts'
import { dataOf } from './api.ts'
import { TestCollector } from './collector.ts'
import { openGateway } from './gateway-socket.ts'
import { openStream, type TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

let epoch = 9000
let tests = 0
let collector: TestCollector
/** Each test has markets of its own. */
let [one, two]: string[] = []
let opened: TestSocket[] = []
const shard = () => shardStub(env, 0, 1)

beforeEach(async () => {
  epoch += 10
  tests += 1
  one = `GATE-26NOV22-A${tests}`
  two = `GATE-26NOV22-B${tests}`
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(one)
  collector.known(two)
})

afterEach(() => {
  collector.fallSilent()
  for (const socket of opened) {
    for (const message of socket.messages) {
      expect(toGateway.safeParse(message).error, JSON.stringify(message)).toBeUndefined()
    }
    socket.close()
  }
  opened = []
})

async function open(account: string, plan?: string): Promise<TestSocket> {
  const socket = await openGateway(account, plan)
  opened.push(socket)
  return socket
}

async function itemOf(socket: TestSocket, market: string): Promise<FeedItem> {
  for (;;) {
    const { items } = (await socket.nextWith('items')) as { items: FeedItem[] }
    const item = items.find(({ m }) => m === market)
    if (item !== undefined) return item
  }
}

/** What the collector was asked for a market, in order. */
function asked(market: string): string[] {
  return collector.socket.messages.flatMap((message) =>
    ['watch', 'unwatch', 'need', 'peek'].filter((word) =>
      JSON.stringify(message[word] ?? null).includes(`"${market}"`),
    ),
  )
}

test('a gateway hears at once that there is no collector, and of each that comes', async () => {
  const socket = await open('a')
  expect(await socket.next()).toMatchObject({ beat: { feed: 'down' } })
  socket.send({ watch: [[one, null]] })
  expect(await socket.next()).toMatchObject({ beat: { feed: 'down' } })
  await collector.connect()
  expect(collector.socket.messages[0]).toEqual({ watch: [one] })
  expect(await socket.next()).toEqual({ collector: 'new' })
  expect(await itemOf(socket, one ?? '')).toMatchObject({ image: { seq: collector.seq(0) } })
  await socket.nextWith('beat')
  const late = await open('b')
  expect(await late.next()).toEqual({ collector: 'new' })
  expect(await late.next()).toEqual({ beat: { feed: 'healthy', upstream_age_ms: 5 } })
})

test('it is sent what it declared and nothing else, directory and holes apart', async () => {
  await collector.connect()
  const [first, second] = [await open('a'), await open('b')]
  first.send({ watch: [[one, null]] })
  second.send({ watch: [[two, null]] })
  await itemOf(first, one ?? '')
  await itemOf(second, two ?? '')
  collector.add(two ?? '')
  collector.add(one ?? '')
  expect(await itemOf(first, one ?? '')).toMatchObject({ records: [{ seq: collector.seq(1) }] })
  const listing = { m: 'NEW-1', event: 'NEW', series: null, status: 'active' }
  collector.socket.send({ directory: [listing] })
  collector.socket.send({ hole: { from_us: 1, to_us: null } })
  expect(await first.nextWith('directory')).toEqual({ directory: [listing] })
  expect(await first.nextWith('hole')).toEqual({ hole: { from_us: 1, to_us: null } })
  expect(JSON.stringify(first.messages)).not.toContain(two)
})

test('a market that somebody watches already is needed from what the gateway has, and watched once', async () => {
  await collector.connect()
  const [first, second] = [await open('a'), await open('b')]
  first.send({ watch: [[one, null]] })
  await itemOf(first, one ?? '')
  second.send({ watch: [[one, collector.seq(0)]] })
  expect(await collector.socket.nextWith('need')).toEqual({
    need: [{ m: one, have: collector.seq(0) }],
  })
  await itemOf(second, one ?? '')
  second.send({
    need: [
      [one, null],
      [two, null],
    ],
  })
  // Of a market that it did not declare nothing is asked.
  expect(await collector.socket.nextWith('need')).toEqual({ need: [{ m: one, have: null }] })
  expect(asked(one ?? '').filter((word) => word === 'watch')).toHaveLength(1)
})

test('what nobody follows any more is unwatched: by a word, by a close, and by a second socket', async () => {
  await collector.connect()
  const [first, second] = [await open('a'), await open('b')]
  for (const socket of [first, second]) {
    socket.send({
      watch: [
        [one, null],
        [two, null],
      ],
    })
    await itemOf(socket, two ?? '')
  }
  first.send({ unwatch: [one] })
  second.send({ unwatch: [one] })
  expect(await collector.socket.nextWith('unwatch')).toEqual({ unwatch: [one] })
  second.close()
  // An account has one gateway: another socket of it ends the one before.
  const again = await open('a')
  expect(await first.closed).toMatchObject({ code: 1000 })
  expect(await collector.socket.nextWith('unwatch')).toEqual({ unwatch: [two] })
  again.send({ watch: [[two, null]] })
  await itemOf(again, two ?? '')
})

test('a market’s own object and a gateway follow it side by side', async () => {
  await storeMarket(one ?? '')
  await collector.connect()
  const stream = await openStream(one ?? '')
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  const gateway = await open('a')
  gateway.send({ watch: [[one, null]] })
  await itemOf(gateway, one ?? '')
  collector.add(one ?? '')
  expect(await stream.nextWith('type', 'deltas')).toMatchObject({
    seq: [collector.seq(1), collector.seq(1)],
  })
  expect(await itemOf(gateway, one ?? '')).toMatchObject({ records: [{ seq: collector.seq(1) }] })
  gateway.close()
  collector.add(one ?? '')
  await stream.nextWith('type', 'deltas')
  expect(asked(one ?? '')).not.toContain('unwatch')
})

test('an evicted shard knows the gateways whose sockets lived on, and no others', async () => {
  await collector.connect()
  const gateway = await open('a')
  gateway.send({ watch: [[one, null]] })
  await itemOf(gateway, one ?? '')
  await evictDurableObject(shard())
  collector.add(one ?? '')
  expect(await itemOf(gateway, one ?? '')).toMatchObject({ records: [{ seq: collector.seq(1) }] })
  await evictDurableObject(shard(), { webSockets: 'close' })
  const next = new TestCollector(epoch)
  await next.connect()
  expect(JSON.stringify(next.socket.messages)).not.toContain(one)
  next.disconnect()
})

test.each([
  ['no JSON', '{'],
  ['a shape that is not known', '{"watch":["A"]}'],
  ['too many markets', JSON.stringify({ unwatch: Array.from({ length: 2001 }, () => 'A') })],
  ['a ticker that cannot be', '{"unwatch":["a b"]}'],
])('%s closes the socket that said it and no other', async (_, text) => {
  await collector.connect()
  const [bad, good] = [await open('a'), await open('b')]
  for (const socket of [bad, good]) {
    socket.send({ watch: [[one, null]] })
    await itemOf(socket, one ?? '')
  }
  bad.send(text)
  expect(await bad.closed).toMatchObject({ code: 1008 })
  collector.add(one ?? '')
  await itemOf(good, one ?? '')
  await collector.socket.nextWith('ack')
  expect(await shard().status()).toMatchObject({ feed: 'healthy' })
})

test('free accounts follow so many markets together; who pays and what is followed anyway do not count', async () => {
  await runInDurableObject(shard(), (instance) => {
    Reflect.set(instance, 'env', { ...env, FREE_WATCHES: '1' })
  })
  await collector.connect()
  const [free, poor, paid] = [await open('a', 'free'), await open('b', 'free'), await open('c')]
  free.send({ watch: [[one, null]] })
  await itemOf(free, one ?? '')
  poor.send({
    watch: [
      [two, null],
      [one, null],
    ],
  })
  expect(await poor.nextWith('refused')).toEqual({ refused: [two] })
  await itemOf(poor, one ?? '')
  paid.send({ watch: [[two, null]] })
  await itemOf(paid, two ?? '')
  poor.send({ watch: [[two, null]] })
  await itemOf(poor, two ?? '')
  await runInDurableObject(shard(), (instance) => Reflect.set(instance, 'env', env))
})

test('when the collector falls silent every gateway hears it once', async () => {
  await collector.connect()
  const gateway = await open('a')
  await gateway.nextWith('beat')
  collector.disconnect()
  for (;;) {
    const { beat } = (await gateway.nextWith('beat')) as { beat: { feed: string } }
    if (beat.feed === 'down') break
  }
  const next = new TestCollector(epoch)
  await next.connect()
  expect(await gateway.next()).toEqual({ collector: 'new' })
  expect(await gateway.next()).toMatchObject({ beat: { feed: 'healthy' } })
  next.disconnect()
})

test('a book that is looked at is nobody’s business but the reader’s', async () => {
  await storeMarket(one ?? '')
  await collector.connect()
  const gateway = await open('a')
  gateway.send({ watch: [[one, null]] })
  await itemOf(gateway, one ?? '')
  await dataOf(`/v1/markets/${one}/orderbook`)
  expect(asked(one ?? '')).toEqual(['watch', 'peek'])
  expect(JSON.stringify(gateway.messages)).not.toContain('ref')
})
