import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { RecentTrades } from '#core/recent-trades'
import type { Trade } from '#core/trade'
import { printTrade, type WireTrade } from '#core/wire/trade'
import { withDatabase } from '../../worker/database.ts'
import { settingsOf } from '../../worker/env.ts'
import type { Connection } from '../../worker/live/gateway-connection.ts'
import { Recovery } from '../../worker/live/gateway-recovery.ts'
import { TestCollector } from './collector.ts'
import { forget, setUnsent } from './gateway-object.ts'
import { GatewayStreams } from './gateway-streams.ts'
import type { TestSocket } from './socket.ts'
import { setLease, setWatermark, storeMarket } from './store.ts'
import { DAY, makeTradeDays, setHoles, storeTrades, tradeOf } from './trade-store.ts'

const streams = new GatewayStreams()
const CHANNELS = ['trade']
const MINUTE = 60_000_000
let epoch = 14_000
let tests = 0
let collector: TestCollector
let market: string
let id: number
let now: number

beforeEach(async () => {
  epoch += 10
  tests += 1
  market = `TAPE${tests}-26NOV22-T1`
  now = Date.now() * 1000
  id = await storeMarket(market)
  await makeTradeDays((now - DAY) as Micros, 3)
  await setHoles()
  await setWatermark((now + MINUTE) as Micros)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(market)
  await collector.connect()
})

afterEach(async () => {
  collector.fallSilent()
  streams.end()
  await setWatermark(null)
})

/** A trade of so many milliseconds ago. */
function traded(tradeId: string, msAgo: number, more: Partial<Trade> = {}): Trade {
  return tradeOf(market, { tradeId, event: (now - msAgo * 1000) as Micros, ...more })
}

const tell = (...trades: Trade[]) => collector.send([{ m: market, trades: trades.map(printTrade) }])

const follow = (more: object = {}) =>
  streams.follow({ markets: [market], channels: CHANNELS, ...more })

const ids = ({ messages }: TestSocket) =>
  messages.filter(({ type }) => type === 'trade').map((message) => message['trade_id'])
const gaps = ({ messages }: TestSocket) => messages.filter(({ channel }) => channel === 'trade')

/** Reads on until no trades are missing any more because of a collector before. */
async function untilWhole(stream: TestSocket): Promise<void> {
  while (gaps(stream).at(-1)?.['to_us'] === null) await stream.nextWith('channel', 'trade')
}

/** Reads on until a trade came that is told last. */
async function untilTold(stream: TestSocket, last: string): Promise<void> {
  while (!ids(stream).includes(last)) await stream.nextWith('type', 'trade')
}

test('who returns is told the trades that it missed, from the store and from what came of late, each once', async () => {
  const early = await follow()
  await storeTrades(id, [traded('t0', 9000), traded('t1', 5000), traded('t2', 4000)])
  tell(traded('t2', 4000), traded('t3', 10))
  await untilTold(early, 't3')
  const back = await follow({ resume_trades_us: now - 6_000_000 })
  await untilTold(back, 't3')
  tell(traded('t1', 5000, { source: 'refill' }), traded('t4', 0))
  await untilTold(back, 't4')
  expect(ids(back)).toEqual(['t1', 't2', 't3', 't4'])
  expect(gaps(back)).toEqual([])
})

test('what comes live while the store is read is not told again, and ready is told after all that was resumed', async () => {
  await setWatermark((now - MINUTE) as Micros)
  await storeTrades(id, [traded('t1', 5000)])
  const stream = await streams.open()
  const resumed = { channels: CHANNELS, resume_trades_us: now - 6_000_000 }
  stream.send({ op: 'subscribe', markets: [market], ...resumed })
  await stream.nextWith('type', 'subscribed')
  // Once a later subscription is ready the market's trades come.
  stream.send({ op: 'subscribe', markets: [market], channels: ['status'] })
  await stream.nextWith('type', 'ready')
  tell(traded('t2', 0))
  await untilTold(stream, 't2')
  await storeTrades(id, [traded('t2', 0)])
  await setWatermark((now + MINUTE) as Micros)
  expect(await stream.nextWith('type', 'ready')).toEqual({ type: 'ready', sub: 1 })
  expect(ids(stream)).toEqual(['t2', 't1'])
  tell(traded('t3', 0))
  await untilTold(stream, 't3')
  expect(ids(stream)).toEqual(['t2', 't1', 't3'])
})

test('what the store does not have in time, or never had, is told as a gap after the trades', async () => {
  const hole = { from: now - 30_000_000, to: now - 20_000_000, filled: null }
  await setHoles(hole as Parameters<typeof setHoles>[0])
  await storeTrades(id, [traded('t1', 5000)])
  const stream = await follow({ resume_trades_us: now - MINUTE })
  const covers = ({ from_us, to_us }: (typeof stream.messages)[number]) =>
    Number(from_us) <= hole.from && Number(to_us ?? Number.POSITIVE_INFINITY) >= hole.to
  // That of the time in which another collector came may be told before it.
  while (!gaps(stream).some(covers)) await stream.nextWith('channel', 'trade')
  expect(ids(stream)).toEqual(['t1'])
})

test('a trade that comes again as a refill is told once, and to nobody who did not ask for trades', async () => {
  const stream = await follow()
  const books = await streams.follow({ markets: [market], resume_trades_us: now - MINUTE })
  await storeTrades(id, [traded('t0', 9000)])
  tell(traded('t1', 10))
  tell(traded('t1', 10, { source: 'refill' }), traded('t2', 0))
  await untilTold(stream, 't2')
  expect(ids(stream)).toEqual(['t1', 't2'])
  collector.add(market)
  await books.nextWith('type', 'deltas')
  expect([...ids(books), ...gaps(books)]).toEqual([])
})

test('two subscriptions of one market are told a trade once, whatever either asks for', async () => {
  const stream = await follow()
  tell(traded('t1', 1000))
  await untilTold(stream, 't1')
  const again = { op: 'subscribe', markets: [market], channels: CHANNELS }
  stream.send({ ...again, resume_trades_us: now - MINUTE })
  await stream.nextWith('sub', 2)
  await stream.nextWith('type', 'ready')
  tell(traded('t2', 0))
  await untilTold(stream, 't2')
  expect(ids(stream)).toEqual(['t1', 't2'])
})

test('trades that passed while the object was away are told as a gap, which ends when the shard is heard', async () => {
  const stream = await follow()
  await untilWhole(stream)
  await forget()
  const open = await stream.nextWith('channel', 'trade')
  expect(open).toMatchObject({ to_us: null })
  expect(open['from_us']).toBeLessThanOrEqual(Date.now() * 1000)
  expect(await stream.nextWith('channel', 'trade')).toMatchObject({
    from_us: open['from_us'],
    to_us: expect.any(Number),
  })
})

test('who comes while the exchange’s trades do not reach us is told so', async () => {
  const early = await follow()
  await untilWhole(early)
  collector.socket.send({ hole: { from_us: now - 1000, to_us: null } })
  await early.nextWith('from_us', now - 1000)
  const late = await follow()
  expect(gaps(late)).toMatchObject([{ from_us: now - 1000, to_us: null }])
})

test('a slow reader is told of a gap in place of the trades that it was not sent, and may ask for them', async () => {
  const slow = await follow()
  await setUnsent(300 * 1024)
  const quick = await follow()
  tell(traded('t1', 0))
  await untilTold(quick, 't1')
  await setUnsent(0)
  tell(traded('t2', 0))
  while (gaps(slow).at(-1)?.['market'] !== market) await slow.nextWith('channel', 'trade')
  expect(gaps(slow).at(-1)).toMatchObject({ from_us: now, to_us: now + 1 })
  await untilTold(slow, 't2')
  // It is told before any later trade: who resumes after that one would never hear of it.
  const kinds = slow.messages.filter((each) => each['market'] === market)
  expect(kinds.map(({ type }) => type)).toEqual(['gap', 'trade'])
  const again = { markets: [market], channels: CHANNELS, resume_trades_us: now - 1 }
  slow.send({ op: 'subscribe', ...again })
  await untilTold(slow, 't1')
})

test('what was held when it was asked for is told, though more comes while the store is read than can be held', async () => {
  const other = `${market}-OTHER`
  const recent = new RecentTrades(2)
  recent.follow(market, now - MINUTE)
  recent.take([printTrade(traded('t1', 5000))])
  const burst = ['o1', 'o2'].map((id) => ({ ...printTrade(traded(id, 0)), market: other }))
  const recovery = new Recovery((run) => {
    recent.take(burst)
    return withDatabase(settingsOf(env).HYPERDRIVE_READER, () => {}, run)
  }, recent)
  const told: string[] = []
  const holes: unknown[] = []
  const connection = {
    isOpen: true,
    subscriptions: { members: () => new Set([market, other]) },
    seats: new Map([[market, { channels: new Set(CHANNELS), count: () => {} }]]),
    knows: () => false,
    takeTrade: (_: string, { trade_id }: WireTrade) => told.push(trade_id),
    tellHole: (hole: unknown) => holes.push(hole),
  }
  await recovery.tellTrades(connection as unknown as Connection, 1, now - 10_000_000)
  expect({ told, holes }).toEqual({ told: ['t1'], holes: [] })
})
