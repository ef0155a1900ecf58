import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FeedItem } from '#core/wire/feed'
import type { WireTrade } from '#core/wire/trade'
import { MarketBook } from '../../worker/live/market-book.ts'
import { shardStub } from '../../worker/live/stubs.ts'
import { TestCollector } from './collector.ts'
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

function tradeOf(market: string): WireTrade {
  const now = Date.now() * 1000
  const trade = { type: 'trade', trade_id: 'a', market, price: '0.4000', size: '1.00' } as const
  const rest = {
    taker: 'yes',
    block: false,
    event_us: now,
    recv_us: now,
    source: 'stream',
  } as const
  return { ...trade, ...rest }
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

test('an object that hangs does not keep the batch from being acknowledged', async () => {
  const [, good] = streams
  const { promise, resolve } = Promise.withResolvers<never>()
  instead(() => promise)
  const acks = () => collector.socket.messages.filter((message) => 'ack' in message).length
  await expect.poll(acks).toBeGreaterThan(0)
  const before = acks()
  collector.send([
    { m: BAD, trades: [tradeOf(BAD)] },
    { m: GOOD, trades: [tradeOf(GOOD)] },
  ])
  expect(await good?.next()).toMatchObject({ type: 'trade' })
  await expect.poll(acks, { timeout: 5000 }).toBe(before + 1)
  resolve({ kind: 'taken' } as never)
})
