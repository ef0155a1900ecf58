import { runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UNSENT } from '#core/outgoing'
import type { Gateway } from '../../worker/live/gateway.ts'
import { TestCollector } from './collector.ts'
import { gateway } from './gateway-object.ts'
import { GatewayStreams } from './gateway-streams.ts'
import type { TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

const streams = new GatewayStreams()
let epoch = 18_000
let tests = 0
let collector: TestCollector
let market: string
let other: string

beforeEach(async () => {
  epoch += 10
  tests += 1
  market = `SLOW${tests}-26NOV22-T${'1'.repeat(110)}`
  other = `SLOW${tests}-26NOV22-T2`
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

/** A stream of which nothing is read until it is accepted: what it is sent stays with its sender. */
async function openUnread(command: object): Promise<{ unread: WebSocket; unsent: number }> {
  const headers = { Upgrade: 'websocket', 'X-API-Key': env.TEST_KEYS.good }
  const request = new Request('https://kalshibook.test/v1/stream', { headers })
  const { webSocket } = await exports.default.fetch(request)
  if (webSocket === null) throw new Error('no websocket')
  const unsent = await runInDurableObject(await gateway(), async (object: Gateway, state) => {
    const server = state.getWebSockets().find(({ bufferedAmount }) => bufferedAmount > 0)
    if (server === undefined) throw new Error('it was read')
    const text = JSON.stringify({ op: 'subscribe', ...command })
    await object.webSocketMessage(server, text)
    return server.bufferedAmount
  })
  return { unread: webSocket, unsent }
}

/** What the one who reads nothing has unsent, bytes. */
async function unsentNow(): Promise<number> {
  return runInDurableObject(await gateway(), (_, state) =>
    Math.max(...state.getWebSockets().map(({ bufferedAmount }) => bufferedAmount)),
  )
}

/** Reads on until a book has come so far. */
async function untilSeq(stream: TestSocket, ticker: string, n: number): Promise<void> {
  const seq = collector.seq(n)
  for (;;) {
    const message = await stream.nextWith('market', ticker)
    const told = message['seq']
    if (told === seq || (Array.isArray(told) && told[1] === seq)) return
  }
}

test('a socket that is not read is owed images and bounded, and who reads gets every record', async () => {
  const quick = await streams.follow({ markets: [market, other] })
  const { unread } = await openUnread({ markets: [market, other] })
  for (let i = 0; i < 20; i++) collector.add(market, 500)
  collector.add(other)
  await untilSeq(quick, market, 10_000)
  await untilSeq(quick, other, 1)
  const unsent = await unsentNow()
  expect(unsent).toBeGreaterThan(UNSENT.high)
  expect(unsent).toBeLessThan(UNSENT.high + 100_000)
  const slow = streams.take(unread)
  await slow.nextWith('type', 'warning')
  await slow.nextWith('reason', 'slow_consumer')
  await slow.nextWith('reason', 'slow_consumer')
  collector.add(market)
  collector.add(other)
  await untilSeq(slow, market, 10_001)
  await untilSeq(slow, other, 2)
})

test('who resumes from far behind is sent its records at the pace at which it reads, and is not given up', async () => {
  const quick = await streams.follow({ markets: [market] })
  for (let i = 0; i < 8; i++) {
    const items = Array.from({ length: 495 }, () => collector.more(market))
    collector.send(items)
  }
  await untilSeq(quick, market, 8 * 495)
  const have = { [market]: collector.seq(0) }
  const { unread } = await openUnread({ markets: [market], resume: have })
  await expect.poll(unsentNow).toBeGreaterThan(UNSENT.pace)
  expect(await unsentNow()).toBeLessThan(2 * UNSENT.pace)
  collector.add(market)
  const slow = streams.take(unread, have)
  await untilSeq(slow, market, 8 * 495 + 1)
  await slow.nextWith('type', 'ready')
  expect(slow.messages.filter(({ image }) => image === true)).toEqual([])
})
