import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import type { TrueChange } from '../../simulator/observer.ts'
import { until } from '../until.ts'
import { type Connection, connect } from './connection.ts'
import { fold } from './fold.ts'
import { signedHeaders } from './signing.ts'

let exchange: Exchange
let client: Connection

beforeEach(async () => {
  exchange = await startExchange({ markets: 6, paused: true, skew: 0 })
  client = await connect(exchange)
  await client.subscribe(exchange.tickers())
  await client.settled()
})
afterEach(() => {
  vi.useRealTimers()
  return exchange.close()
})

/** Delays pass when the test says so, and not by the time that a busy machine takes. */
const holdTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })

/** The seqs of the book frames from this one on. */
const seqs = (from = 7) =>
  client.frames.flatMap(({ sid, seq = 0 }) => (sid === 1 && seq >= from ? [seq] : []))

const upTo = (last: number) => Array.from({ length: last - 6 }, (_, index) => index + 7)

test('a dropped frame is numbered but not sent, and told with its market', async () => {
  expect(exchange.dropNext(2)).toBe(1)
  const sent: string[] = []
  exchange.onBook(({ ticker }) => sent.push(ticker))
  exchange.step(5)
  await client.settled()
  expect(seqs()).toEqual(upTo(6 + sent.length).slice(2))
  expect(exchange.faults).toMatchObject([
    { kind: 'drop', ticker: sent[0], connection: 1 },
    { kind: 'drop', ticker: sent[1], connection: 1 },
  ])
  expect(exchange.faults[0]?.atUs).toBeGreaterThan(Date.now() * 1000 - 10_000_000)
})

test('a drop waits for a frame of its market', async () => {
  const ticker = exchange.tickers()[3] ?? ''
  exchange.dropNext(1, ticker)
  const told: string[] = []
  exchange.onBook((change) => told.push(change.ticker))
  while (!told.includes(ticker)) exchange.step(1)
  exchange.step(3)
  await client.settled()
  const lost = 7 + told.indexOf(ticker)
  expect(seqs()).toEqual(upTo(6 + told.length).filter((seq) => seq !== lost))
  expect(exchange.faults).toMatchObject([{ kind: 'drop', ticker }])
})

test('a duplicated frame comes twice with the same seq', async () => {
  exchange.duplicateNext()
  exchange.step(1)
  await client.settled()
  expect(seqs().slice(0, 2)).toEqual([7, 7])
  expect(exchange.faults).toMatchObject([{ kind: 'duplicate' }])
})

test('a delayed frame comes behind those that follow it', async () => {
  holdTime()
  exchange.delayNext(30)
  exchange.step(4)
  vi.advanceTimersByTime(29)
  await client.settled()
  expect(seqs()).not.toContain(7)
  vi.advanceTimersByTime(1)
  expect(await client.next((frame) => frame.seq === 7)).toMatchObject({ type: 'orderbook_delta' })
  expect(seqs().at(-1)).toBe(7)
  expect(exchange.faults).toMatchObject([{ kind: 'delay' }])
})

test('a fault that waits for its frame can be taken back', async () => {
  exchange.dropNext(3)
  expect(exchange.disarm()).toBe(1)
  exchange.step(1)
  await client.settled()
  expect(seqs()[0]).toBe(7)
  expect(exchange.faults).toEqual([])
})

test('two frames change places', async () => {
  exchange.reorderNext()
  while (exchange.stats.deltas < 4) exchange.step(1)
  await client.settled()
  expect(seqs().slice(0, 4)).toEqual([8, 7, 9, 10])
  expect(exchange.faults).toMatchObject([{ kind: 'reorder', connection: 1 }])
})

test('a frame that nothing overtakes comes in its order, and that is no fault', async () => {
  const ticker = exchange.tickers()[0] ?? ''
  exchange.reorderNext(ticker)
  const params = { sids: [1], action: 'get_snapshot', market_tickers: [ticker] }
  expect(await client.ask({ cmd: 'update_subscription', params })).toMatchObject({ seq: 7 })
  expect(exchange.faults).toEqual([])
})

test('a lost trade is a hole in the trades’ own numbers', async () => {
  await client.ask({ cmd: 'subscribe', params: { channels: ['trade'] } })
  expect(exchange.dropNextOf('trade')).toBe(1)
  while (exchange.stats.trades < 3) exchange.step(1)
  await client.settled()
  const trades = client.frames.filter(({ type }) => type === 'trade')
  expect(trades.slice(0, 2).map(({ seq }) => seq)).toEqual([2, 3])
  expect(seqs()).toEqual(upTo(6 + exchange.stats.deltas))
  expect(exchange.faults).toMatchObject([{ kind: 'drop', channel: 'trade' }])
})

test('a lie changes a book without a frame and without a seq; only who asks again can tell', async () => {
  const ticker = [...exchange.books()].find(([, { yes }]) => yes.length > 3)?.[0] ?? ''
  const before = fold(client.frames)
  expect(before).toEqual(exchange.books())
  const observed: TrueChange[] = []
  exchange.onBook((change) => observed.push(change))
  exchange.lie(ticker)
  await client.settled()
  expect(seqs()).toEqual([])
  expect(fold(client.frames)).not.toEqual(exchange.books())
  expect(observed).toMatchObject([{ kind: 'delta', ticker, change: 1300 }])
  expect(exchange.books().get(ticker)?.yes[0]).toEqual(before.get(ticker)?.yes[0])
  const params = { sids: [1], action: 'get_snapshot', market_tickers: [ticker] }
  expect(await client.ask({ cmd: 'update_subscription', params })).toMatchObject({ seq: 7 })
  expect(fold(client.frames)).toEqual(exchange.books())
  expect(exchange.faults).toMatchObject([{ kind: 'lie', ticker }])
})

test('a fault can be aimed at one of several connections', async () => {
  const other = await connect(exchange)
  const [first = '', second = ''] = exchange.tickers()
  await other.subscribe([first, second])
  expect(exchange.connectionList()).toEqual([
    { connection: 1, markets: exchange.tickers() },
    { connection: 2, markets: [first, second] },
  ])
  const aim = exchange.only(2)
  expect(aim.dropNext()).toBe(1)
  expect(aim.overflow()).toBe(1)
  expect(await other.nextOf('error')).toMatchObject({ msg: { code: 25 } })
  const closed = once(other.ws, 'close')
  expect(aim.cut()).toBe(1)
  await closed
  await until('it is over', () => exchange.connections() === 1)
  expect(aim.silence(10_000)).toBe(0)
  exchange.step(4)
  await client.settled()
  expect(seqs().slice(0, 3)).toEqual([7, 8, 9])
  expect(exchange.faults.map(({ connection }) => connection)).toEqual([2, 2])
})

test('a muted connection answers no ping while its frames go on', async () => {
  expect(exchange.mute(3_600_000)).toBe(1)
  let heard = 0
  client.ws.on('pong', () => {
    heard += 1
  })
  client.ws.ping('a')
  exchange.step(1)
  await client.nextOf('orderbook_delta')
  await client.settled()
  expect(heard).toBe(0)
  exchange.mute(80)
  const began = performance.now()
  const pinging = setInterval(() => client.ws.ping('b'), 5)
  await once(client.ws, 'pong')
  clearInterval(pinging)
  expect(performance.now() - began).toBeGreaterThan(70)
})

test('REST answers fail as often and in the way asked, or come late', async () => {
  const ask = async () => (await fetch(`${exchange.restUrl}/exchange/status`)).status
  exchange.restFail(2, 429)
  exchange.restFail(1, 500)
  exchange.restFail(1, 503)
  exchange.restFail(1, 'html')
  expect([await ask(), await ask(), await ask(), await ask(), await ask(), await ask()]).toEqual([
    429, 429, 500, 503, 502, 200,
  ])
  exchange.restFail(1, 'cut')
  await expect(ask()).rejects.toThrow('fetch failed')
  exchange.restSlow(60)
  const began = performance.now()
  expect(await ask()).toBe(200)
  expect(performance.now() - began).toBeGreaterThan(55)
})

test('a snapshot can be delayed behind deltas', async () => {
  const [ticker] = exchange.tickers()
  holdTime()
  exchange.delayNext(30, ticker, 'snapshot')
  const params = { sids: [1], action: 'get_snapshot', market_tickers: [ticker] }
  client.send({ id: 9, cmd: 'update_subscription', params })
  await client.settled()
  exchange.step(2)
  vi.advanceTimersByTime(30)
  expect(await client.next((frame) => frame.id === 9)).toMatchObject({ seq: 7 })
  expect(seqs().slice(0, 2)).toEqual([8, 9])
})

test.each(['price', 'legacy', 'json'] as const)(
  'a frame can be made unreadable: %s',
  async (how) => {
    exchange.corruptNext(how)
    exchange.step(1)
    await client.settled()
    const frame = client.frames.find(({ seq, type }) => seq === 7 || type === 'unreadable')
    const text = client.texts[client.frames.indexOf(frame ?? { type: '', msg: {} })] ?? ''
    if (how === 'price') expect(text).toContain('"price_dollars":"0.4x00"')
    if (how === 'legacy') expect(text).toMatch(/"price":\d+,"delta":-?\d+/)
    if (how === 'legacy') expect(text).not.toContain('_dollars')
    if (how === 'json') expect(frame?.type).toBe('unreadable')
    expect(exchange.faults).toMatchObject([{ kind: 'corrupt' }])
  },
)

test('a cut ends connections without a close frame', async () => {
  const closed = once(client.ws, 'close')
  expect(exchange.cut()).toBe(1)
  expect((await closed)[0]).toBe(1006)
  expect(exchange.faults).toMatchObject([{ kind: 'cut', connection: 1 }])
})

test('in silence frames are lost while books move on; after it the seq shows a hole', async () => {
  const began = Date.now()
  exchange.silence(60)
  exchange.step(5)
  const before = client.frames.length
  client.ws.ping()
  await once(client.ws, 'pong')
  expect(client.frames).toHaveLength(before)
  const trading = setInterval(() => exchange.step(1), 2)
  const first = await client.nextOf('orderbook_delta')
  clearInterval(trading)
  expect(first.seq).toBeGreaterThanOrEqual(13)
  expect(first.msg.ts_ms ?? 0).toBeGreaterThan(began + 50)
  expect(exchange.faults).toMatchObject([{ kind: 'silence' }])
})

test('silence can hold back pings and pongs too, and spares connections made after it began', async () => {
  exchange.silence(10_000, { pings: false })
  let pongs = 0
  client.ws.on('pong', () => {
    pongs += 1
  })
  client.ws.ping()
  const other = await connect(exchange)
  await other.subscribe(exchange.tickers())
  exchange.step(1)
  await other.nextOf('orderbook_delta')
  expect([pongs, seqs()]).toEqual([0, []])
})

test.each([
  ['overflow', 25, 'Subscription buffer overflow'],
  ['channelError', 10, 'Channel error'],
] as const)('%s ends the subscription for good', async (fault, code, text) => {
  exchange[fault]()
  expect(await client.nextOf('error')).toEqual({
    sid: 1,
    seq: 7,
    type: 'error',
    msg: { code, msg: text },
  })
  exchange.step(5)
  const params = { sids: [1], action: 'get_snapshot', market_tickers: exchange.tickers() }
  expect(await client.ask({ cmd: 'update_subscription', params })).toMatchObject({
    msg: { code: 7 },
  })
  expect(seqs(8)).toEqual([])
  expect(await client.subscribe(exchange.tickers())).toMatchObject({
    type: 'subscribed',
    msg: { sid: 2 },
  })
})

test('a client that takes nothing overflows by itself', async () => {
  const strict = await startExchange({ markets: 4, paused: true, limits: { bufferBytes: 2000 } })
  const slow = await connect(strict)
  await slow.subscribe(strict.tickers().slice(0, 1))
  await slow.settled()
  strict.step(200)
  expect(await slow.nextOf('error')).toMatchObject({ sid: 1, msg: { code: 25 } })
  await strict.close()
})

async function refusal(): Promise<{ status: number | undefined; type: string | undefined }> {
  const ws = new WebSocket(exchange.wsUrl, { headers: signedHeaders(exchange) })
  ws.on('error', () => {})
  const [, response]: [unknown, IncomingMessage] = (await once(ws, 'unexpected-response')) as never
  response.resume()
  return { status: response.statusCode, type: response.headers['content-type'] }
}

test('handshakes are refused as often as asked, in the way asked', async () => {
  exchange.refuseHandshakes(1)
  exchange.refuseHandshakes(1, 401)
  exchange.refuseHandshakes(1, 429)
  exchange.refuseHandshakes(1, 'html')
  exchange.refuseHandshakes(1, 403)
  expect(await refusal()).toEqual({ status: 503, type: 'application/json' })
  expect(await refusal()).toEqual({ status: 401, type: 'application/json' })
  expect(await refusal()).toEqual({ status: 429, type: 'application/json' })
  expect(await refusal()).toEqual({ status: 502, type: 'text/html' })
  expect(await refusal()).toEqual({ status: 403, type: 'application/json' })
  const other = await connect(exchange)
  await other.settled()
  expect(exchange.faults.map((each) => each.kind)).toEqual(Array(5).fill('refuse'))
})

test('a handshake can be left without an answer', async () => {
  exchange.refuseHandshakes(1, 'hang')
  const options = { headers: signedHeaders(exchange), handshakeTimeout: 60 }
  const [error] = await once(new WebSocket(exchange.wsUrl, options), 'error')
  expect(String(error)).toContain('timed out')
  await (await connect(exchange)).settled()
})

test('a deaf exchange answers neither commands nor handshakes, and hears again later', async () => {
  exchange.deaf(3_600_000)
  client.send({ id: 77, cmd: 'list_subscriptions' })
  const ws = new WebSocket(exchange.wsUrl, { headers: signedHeaders(exchange) })
  const broken = once(ws, 'error')
  await until('both have come to it', () => exchange.stats.refused === 1)
  exchange.deaf(60)
  const [error] = await broken
  expect(String(error)).toContain('socket hang up')
  await client.settled()
  expect(client.frames.some((frame) => frame.id === 77)).toBe(false)
  expect(exchange.faults).toMatchObject([{ kind: 'deaf' }, { kind: 'deaf' }])
})

test('a fault is armed only where a book is subscribed', async () => {
  const other = await connect(exchange)
  await other.ask({ cmd: 'subscribe', params: { channels: ['trade'] } })
  expect(exchange.connections()).toBe(2)
  expect(exchange.dropNext()).toBe(1)
})
