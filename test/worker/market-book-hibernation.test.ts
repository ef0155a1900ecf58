import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { parseTicker, type Ticker } from '#core/ticker'
import { marketStub } from '../../worker/live/stubs.ts'
import { deltaOf, TestCollector } from './collector.ts'
import { openStream } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

/** An object that nothing happens to hibernates after so long (ms). */
const QUIET_MS = 10_000

test('an object with a subscriber hibernates when nothing happens, and its subscriber misses nothing', async () => {
  const ticker = parseTicker('SLEEP-26NOV22-T1') as Ticker
  await storeMarket(ticker)
  await setLease(9000)
  const collector = new TestCollector(9000)
  collector.known(ticker)
  await collector.connect()
  const stream = await openStream(ticker)
  stream.send({ op: 'subscribe', channels: ['book', 'bbo', 'status'] })
  await stream.nextWith('type', 'ready')
  collector.add(ticker, 2)
  for (const n of [1, 2]) await stream.nextWith('seq', collector.seq(n))
  const book = marketStub(env, ticker)
  await runInDurableObject(book, (instance) => Reflect.set(instance, 'awake', true))
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS + 1500))
  collector.answers = false
  collector.add(ticker)
  // It goes on from where its book was kept, and tells of that only what its subscriber was not told.
  expect(await collector.socket.nextWith('need')).toEqual({
    need: [{ m: ticker, have: collector.seq(0) }],
  })
  const records = [1, 2, 3].map((n) => deltaOf(collector.seq(n), '1.00', `${5 + n}.00`))
  collector.send([{ m: ticker, records }])
  expect(await stream.next()).toMatchObject({
    type: 'deltas',
    seq: [collector.seq(3), collector.seq(3)],
  })
  expect(await stream.next()).toMatchObject({ type: 'bbo', bid: ['0.4000', '8.00'] })
  expect(await runInDurableObject(book, (instance) => Reflect.has(instance, 'awake'))).toBe(false)
  collector.disconnect()
})
