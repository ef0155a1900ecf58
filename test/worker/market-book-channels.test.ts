import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseTicker, type Ticker } from '#core/ticker'
import type { WireStatus } from '#core/wire/status'
import { marketStub } from '../../worker/live/stubs.ts'
import { expectDescribed } from '../described-stream.ts'
import { TestCollector, tradeOf } from './collector.ts'
import { closeStreams, openStream, type TestSocket } from './socket.ts'
import { asOwner, setLease, storeMarket } from './store.ts'

let epoch = 9000
let tests = 0
let collector: TestCollector
/** Each test has a market of its own. */
let ticker: Ticker
let opened: TestSocket[] = []
const book = () => marketStub(env, ticker)

beforeEach(async () => {
  epoch += 10
  tests += 1
  ticker = parseTicker(`CHANNEL-26NOV22-T${tests}`) ?? never()
  await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(ticker)
  await collector.connect()
})

afterEach(() => {
  closeStreams()
  collector.disconnect()
  for (const { messages } of opened) {
    for (const message of messages) {
      expectDescribed(message, 'marketStream')
    }
  }
  opened = []
})

function never(): never {
  throw new Error('no ticker')
}

/** Opens a stream and subscribes; what comes before `ready` is left to read. */
async function follow(channels: string[], more: object = {}): Promise<TestSocket> {
  const stream = await openStream(ticker)
  opened.push(stream)
  stream.send({ op: 'subscribe', channels, ...more })
  expect(await stream.next()).toMatchObject({ type: 'subscribed', sub: 1 })
  return stream
}

const determined = (): WireStatus => ({
  market_status: 'determined',
  result: 'yes',
  settlement_value: '1.0000',
  event_us: null,
  recv_us: Date.now() * 1000,
})

test('each socket is sent the channels that it asked for, and no others', async () => {
  const ready = { type: 'ready', sub: 1 }
  const streams: Record<string, TestSocket> = {
    book: await follow(['book']),
    bbo: await follow(['bbo']),
    trade: await follow(['trade']),
    status: await follow(['status']),
  }
  expect(await streams['book']?.next()).toMatchObject({ type: 'snapshot', image: true })
  expect(await streams['bbo']?.next()).toMatchObject({
    type: 'bbo',
    market: ticker,
    seq: collector.seq(0),
    known: true,
    bid: ['0.4000', '5.00'],
    ask: null,
  })
  expect(await streams['status']?.next()).toMatchObject({
    type: 'status',
    market: ticker,
    market_status: 'active',
    result: null,
  })
  for (const stream of Object.values(streams)) expect(await stream.next()).toEqual(ready)
  collector.add(ticker, 2)
  const trade = tradeOf(ticker)
  const status = determined()
  collector.send([{ m: ticker, trades: [trade], status }])
  expect(await streams['book']?.next()).toMatchObject({ type: 'deltas' })
  expect(await streams['bbo']?.next()).toMatchObject({
    seq: collector.seq(1),
    bid: ['0.4000', '6.00'],
  })
  expect(await streams['bbo']?.next()).toMatchObject({
    seq: collector.seq(2),
    bid: ['0.4000', '7.00'],
  })
  expect(await streams['trade']?.next()).toEqual(trade)
  expect(await streams['status']?.next()).toEqual({ type: 'status', market: ticker, ...status })
  for (const stream of Object.values(streams)) {
    stream.send({ op: 'ping' })
    expect(await stream.next()).toEqual({ type: 'pong' })
  }
})

test('one socket may hear all, once however many of its subscriptions ask', async () => {
  const stream = await follow(['book', 'bbo'])
  await stream.nextWith('type', 'ready')
  stream.send({ op: 'subscribe', channels: ['bbo', 'trade', 'status'] })
  await stream.nextWith('sub', 2)
  await stream.nextWith('type', 'ready')
  collector.send([{ m: ticker, trades: [tradeOf(ticker)] }])
  collector.add(ticker)
  expect(await stream.next()).toMatchObject({ type: 'trade' })
  expect(await stream.next()).toMatchObject({ type: 'deltas' })
  expect(await stream.next()).toMatchObject({ type: 'bbo' })
  // What the first alone had goes with it.
  stream.send({ op: 'unsubscribe', sub: 1 })
  expect(await stream.next()).toEqual({ type: 'unsubscribed', sub: 1 })
  collector.add(ticker)
  expect(await stream.next()).toMatchObject({ type: 'bbo', seq: collector.seq(2) })
})

test('a state outlives its object, and images carry it', async () => {
  const stream = await follow(['book', 'status'])
  await stream.nextWith('type', 'ready')
  const status = determined()
  collector.send([{ m: ticker, status }])
  await stream.nextWith('market_status', 'determined')
  await evictDurableObject(book())
  const late = await follow(['book', 'status'])
  expect(await late.nextWith('type', 'snapshot')).toMatchObject({ market_status: 'determined' })
  expect(await late.next()).toEqual({ type: 'status', market: ticker, ...status })
})

test('what the store says of a market’s state is told before the feed says anything, and to all when it is news', async () => {
  const first = await follow(['status'])
  expect(await first.next()).toMatchObject({ type: 'status', market_status: 'active' })
  expect(await first.next()).toMatchObject({ type: 'ready' })
  await asOwner(async (sql) => {
    const news = { status: 'determined', result: 'no', settlement_value: '0', updated_us: 2 }
    await sql`update kb.markets set ${sql(news)} where ticker = ${ticker}`
  })
  const second = await follow(['status'])
  const standing = { market_status: 'determined', result: 'no', settlement_value: '0.0000' }
  expect(await second.next()).toMatchObject({ type: 'status', ...standing })
  expect(await first.next()).toMatchObject({ type: 'status', ...standing })
})

test('a channel without the book waits for no book', async () => {
  collector.books.delete(ticker)
  const stream = await follow(['trade', 'status'])
  await stream.nextWith('type', 'ready')
  collector.send([{ m: ticker, trades: [tradeOf(ticker)] }])
  expect(await stream.next()).toMatchObject({ type: 'trade' })
})

test('trades that were missed are sent while they are kept, and are a gap when they are not', async () => {
  const stream = await follow(['book', 'trade'])
  await stream.nextWith('type', 'ready')
  const sent = [tradeOf(ticker), tradeOf(ticker)]
  collector.send([{ m: ticker, trades: sent }])
  for (const _ of sent) await stream.nextWith('type', 'trade')
  const back = await follow(['trade'], { resume_trades_us: sent[0]?.recv_us })
  expect(await back.next()).toEqual(sent[0])
  expect(await back.next()).toEqual(sent[1])
  expect(await back.next()).toMatchObject({ type: 'ready' })
  const old = await follow(['trade'], { resume_trades_us: 7 })
  expect(await old.next()).toMatchObject({
    type: 'gap',
    channel: 'trade',
    market: ticker,
    from_us: 7,
    to_us: expect.any(Number),
  })
  expect(await old.next()).toMatchObject({ type: 'ready' })
  await evictDurableObject(book())
  const after = await follow(['trade'], { resume_trades_us: sent[0]?.recv_us })
  expect(await after.nextWith('channel')).toMatchObject({ type: 'gap', from_us: sent[0]?.recv_us })
})

test('a hole of the exchange’s trades is told to those who hear them', async () => {
  const [trade, only] = [await follow(['trade']), await follow(['book'])]
  await trade.nextWith('type', 'ready')
  await only.nextWith('type', 'ready')
  collector.socket.send({ hole: { from_us: 5, to_us: null } })
  const gap = { type: 'gap', channel: 'trade', market: ticker }
  expect(await trade.next()).toEqual({ ...gap, from_us: 5, to_us: null })
  collector.socket.send({ hole: { from_us: 5, to_us: 9 } })
  expect(await trade.nextWith('channel')).toEqual({ ...gap, from_us: 5, to_us: 9 })
  expect(only.messages.some(({ type }) => type === 'gap')).toBe(false)
})

test('a collector that comes after a cut makes a gap in the trades', async () => {
  const stream = await follow(['trade'])
  await stream.nextWith('type', 'ready')
  const before = Date.now() * 1000
  collector.disconnect()
  await stream.nextWith('feed', 'down')
  const next = new TestCollector(epoch)
  next.known(ticker)
  await next.connect()
  const gap = (await stream.nextWith('channel')) as { from_us: number; to_us: number }
  expect(gap).toMatchObject({ type: 'gap', market: ticker })
  expect(gap.from_us).toBeLessThanOrEqual(before)
  expect(gap.to_us).toBeGreaterThanOrEqual(before)
  next.disconnect()
})

test('the best bid and ask are unknown in a gap, and told when they are known again', async () => {
  const stream = await follow(['bbo'])
  await stream.nextWith('type', 'ready')
  const recv_us = Date.now() * 1000
  const stamp = { event_us: null, recv_us }
  collector.send([
    {
      m: ticker,
      records: [
        {
          type: 'gap',
          seq: collector.seq(1),
          cause: 'cut',
          from_us: recv_us,
          to_us: null,
          prev_seq: collector.seq(0),
          ...stamp,
        },
      ],
    },
  ])
  expect(await stream.next()).toMatchObject({ type: 'bbo', known: false, bid: null, ask: null })
  const no: [string, string][] = [['0.5500', '3.00']]
  collector.send([
    {
      m: ticker,
      records: [
        {
          type: 'snapshot',
          seq: collector.seq(2),
          reason: 'gap',
          yes: [],
          no,
          ...stamp,
          event_us: null,
        },
      ],
    },
  ])
  expect(await stream.next()).toMatchObject({ type: 'bbo', bid: null, ask: ['0.4500', '3.00'] })
})
