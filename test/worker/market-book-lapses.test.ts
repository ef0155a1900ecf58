import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fullChecksum } from '#core/checksum'
import type { Level } from '#core/log'
import { parseTicker, type Ticker } from '#core/ticker'
import type { WireTrade } from '#core/wire/trade'
import { marketStub } from '../../worker/live/stubs.ts'
import { call, dataOf } from './api.ts'
import { TestCollector, tradeOf } from './collector.ts'
import { later } from './later.ts'
import { closeStreams, openStream, type TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

const DAY_MS = 86_400_000
let epoch = 9000
let tests = 0
let collector: TestCollector
/** Each test has a market of its own. */
let ticker: Ticker
let path: string
const book = () => marketStub(env, ticker)

beforeEach(async () => {
  epoch += 10
  tests += 1
  ticker = parseTicker(`LAPSE-26NOV22-T${tests}`) ?? never()
  path = `/v1/markets/${ticker}/orderbook?view=native`
  await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(ticker)
  await collector.connect()
})

afterEach(() => {
  closeStreams()
  vi.restoreAllMocks()
  collector.fallSilent()
})

function never(): never {
  throw new Error('no ticker')
}

/** Somebody who was there from this trade on asks for what it missed. */
async function resumeFrom({ recv_us }: WireTrade): Promise<TestSocket> {
  const stream = await openStream(ticker)
  stream.send({ op: 'subscribe', channels: ['trade'], resume_trades_us: recv_us })
  return stream
}

test('an object that forgot nothing that counts goes on by a checksum alone', async () => {
  await dataOf(path)
  await dataOf(path)
  await evictDurableObject(book())
  collector.answers = false
  const answer = call(path)
  expect(await collector.socket.nextWith('need')).toEqual({
    need: [{ m: ticker, have: collector.seq(0) }],
  })
  const sum = fullChecksum({ yes: [[400_000, 500] as unknown as Level], no: [] })
  collector.send([{ m: ticker, sum }])
  expect((await answer).status).toBe(200)
})

test('a checksum proves nothing to an object that has no book, or another one', async () => {
  const hole = null
  const feeding = { token: Date.now() * 2, hole }
  const stream = await openStream(ticker)
  expect(await book().apply({ m: ticker, sum: 1 }, feeding)).toEqual({ kind: 'need', have: null })
  stream.send({ op: 'subscribe' })
  await stream.nextWith('type', 'ready')
  expect(await book().apply({ m: ticker, sum: 1 }, feeding)).toEqual({ kind: 'need', have: null })
})

test('trades of a time in which nobody followed are a gap to who returns', async () => {
  await dataOf(path)
  await dataOf(path)
  const first = tradeOf(ticker)
  collector.send([{ m: ticker, trades: [first] }])
  collector.add(ticker)
  await expect.poll(() => dataOf(path)).toMatchObject({ seq: collector.seq(1) })
  await later(63_000, async () => {
    collector.beat()
    await collector.socket.nextWith('unwatch')
  })
  // The collector keeps to itself what is traded now.
  await later(64_000, async () => {
    const stream = await resumeFrom(first)
    expect(await stream.nextWith('channel')).toMatchObject({ type: 'gap', from_us: first.recv_us })
  })
})

test('a hole of the trades counts for a book that is read and has no subscribers', async () => {
  await dataOf(path)
  await dataOf(path)
  const first = tradeOf(ticker)
  collector.send([{ m: ticker, trades: [first] }])
  collector.socket.send({ hole: { from_us: first.recv_us + 1, to_us: first.recv_us + 2 } })
  collector.add(ticker)
  await expect.poll(() => dataOf(path)).toMatchObject({ seq: collector.seq(1) })
  const stream = await resumeFrom(first)
  expect(await stream.nextWith('channel')).toMatchObject({ type: 'gap', from_us: first.recv_us })
})

function kept(): Promise<string[]> {
  return runInDurableObject(book(), (_, state) => [...state.storage.kv.list()].map(([key]) => key))
}

test('what is kept of a book goes when nothing was heard of it for a week', async () => {
  await dataOf(path)
  await dataOf(path)
  expect(await kept()).toContain('book')
  await later(6 * DAY_MS, async () => expect(await runDurableObjectAlarm(book())).toBe(true))
  expect(await kept()).toContain('book')
  await later(8 * DAY_MS, async () => expect(await runDurableObjectAlarm(book())).toBe(true))
  expect(await kept()).toEqual([])
  expect(await runDurableObjectAlarm(book())).toBe(false)
  // What comes then is kept again.
  collector.add(ticker)
  await expect.poll(() => dataOf(path)).toMatchObject({ status: 'live', seq: collector.seq(1) })
  await later(9 * DAY_MS, async () => {
    collector.add(ticker)
    await expect.poll(kept).toContain('book')
  })
})
