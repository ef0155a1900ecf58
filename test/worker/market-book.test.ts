import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Epoch, seqOf } from '#core/log'
import { parseTicker } from '#core/ticker'
import { marketStub } from '../../worker/live/stubs.ts'
import { expectDescribed } from '../described-stream.ts'
import { dataOf } from './api.ts'
import { deltaOf, gapOf, snapshotOf, TestCollector } from './collector.ts'
import { closeStreams, openStream, type TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'

let epoch = 9000
let markets = 0
let collector: TestCollector
/** Each test has a market of its own. */
let ticker: string
/** The streams of a test, each with the seq that its subscriber came with. */
let opened: { readonly stream: TestSocket; readonly have: number | null }[] = []
const book = () => marketStub(env, parseTicker(ticker) ?? never())

beforeEach(async () => {
  epoch += 10
  markets += 1
  ticker = `STREAM-26NOV22-T${markets}.5`
  await storeMarket(ticker)
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(ticker)
  await collector.connect()
})

afterEach(() => {
  closeStreams()
  collector.fallSilent()
  for (const { stream, have } of opened) {
    for (const message of stream.messages) {
      expectDescribed(message, 'marketStream')
    }
    keepsTheReadersRule(stream, have)
  }
  opened = []
})

function never(): never {
  throw new Error('no ticker')
}

/** No subscriber sees a seq go back, or a hole that neither a gap nor an image covers. */
function keepsTheReadersRule({ messages }: TestSocket, have: number | null): void {
  let last = have
  for (const { type, seq, d, code } of messages) {
    if (code === 'resume_ahead') last = null
    if (type === 'deltas') {
      const [from, to] = seq as [number, number]
      expect(from).toBe((last ?? Number.NaN) + 1)
      expect(d).toHaveLength(to - from + 1)
      last = to
    } else if (type === 'snapshot' || type === 'gap' || type === 'end') {
      expect(seq).toBeGreaterThanOrEqual(last ?? 0)
      last = seq as number
    }
  }
}

async function open(have: number | null = null): Promise<TestSocket> {
  const stream = await openStream(ticker)
  opened.push({ stream, have })
  return stream
}

/** Opens a stream and subscribes. */
async function follow(have?: number): Promise<TestSocket> {
  const stream = await open(have)
  const resume = have === undefined ? {} : { resume: { [ticker]: have } }
  stream.send({ op: 'subscribe', id: 7, channels: ['book'], ...resume })
  expect(await stream.next()).toEqual({
    type: 'subscribed',
    id: 7,
    sub: 1,
    accepted: 1,
    rejected: [],
  })
  return stream
}

const image = (n: number, reason: string) => ({
  type: 'snapshot',
  market: ticker,
  image: true,
  reason,
  seq: collector.seq(n),
})
const ready = { type: 'ready', sub: 1 }

test('a subscriber gets an image, is ready, and then gets each record as it comes', async () => {
  const stream = await follow()
  expect(await stream.next()).toMatchObject({
    ...image(0, 'initial'),
    yes: [['0.4000', '5.00']],
    no: [],
    market_status: 'active',
  })
  expect(await stream.next()).toEqual(ready)
  collector.add(ticker)
  const message = await stream.next()
  expect(message).toMatchObject({
    type: 'deltas',
    market: ticker,
    seq: [collector.seq(1), collector.seq(1)],
    d: [['yes', '0.4000', '1.00', '6.00', null, expect.any(Number)]],
  })
  const now = await dataOf<{ checksum: number }>(`/v1/markets/${ticker}/orderbook`)
  expect(message['checksum']).toBe(now.checksum)
})

test('the deltas of one batch come in one message, which spans no snapshot, gap or end', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  collector.add(ticker, 3)
  expect(await stream.next()).toMatchObject({ seq: [collector.seq(1), collector.seq(3)] })
  const at = (n: number) => collector.seq(n)
  const end = {
    type: 'end',
    reason: 'settled',
    event_us: null,
    recv_us: Date.now() * 1000,
  } as const
  const records = [gapOf(at(4), at(3)), snapshotOf(at(5), '9.00'), { ...end, seq: at(6) }]
  collector.send([{ m: ticker, records }])
  expect(await stream.next()).toMatchObject({ type: 'gap', seq: at(4), to_us: null })
  expect(await stream.next()).toMatchObject({ type: 'snapshot', image: false, seq: at(5) })
  expect(await stream.next()).toMatchObject({ type: 'end', seq: at(6), reason: 'settled' })
  expect(await dataOf(`/v1/markets/${ticker}/orderbook`)).toMatchObject({ status: 'closed' })
  const late = await follow()
  expect(await late.next()).toMatchObject({ image: true, seq: at(5) })
  expect(await late.next()).toMatchObject({ type: 'end', seq: at(6) })
  expect(await late.next()).toEqual(ready)
  late.send({ op: 'resync', market: ticker })
  expect(await late.next()).toMatchObject({ image: true, seq: at(6) })
  expect(await late.next()).toMatchObject({ type: 'end', seq: at(6) })
})

test('invariant 4: a market that is de-selected reads unknown, and says why', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  const at = (n: number) => collector.seq(n)
  const end = { type: 'end', reason: 'deselected', event_us: null, seq: at(2) } as const
  const records = [gapOf(at(1), at(0)), { ...end, recv_us: Date.now() * 1000 }]
  collector.send([{ m: ticker, records }])
  expect(await stream.next()).toMatchObject({ type: 'gap', seq: at(1) })
  expect(await stream.next()).toMatchObject({ type: 'end', seq: at(2), reason: 'deselected' })
  expect(await dataOf(`/v1/markets/${ticker}/orderbook?stale=allow`)).toMatchObject({
    status: 'unknown',
    seq: at(2),
    gap: { cause: 'cut' },
  })
})

test('many subscribers get the same, and one of two subscriptions delivers', async () => {
  const streams = await Promise.all([follow(), follow(), follow()])
  const [first] = streams
  first?.send({ op: 'subscribe', id: 8 })
  expect(await first?.nextWith('type', 'subscribed')).toMatchObject({ id: 8, sub: 2 })
  await first?.nextWith('sub', 2)
  collector.add(ticker)
  for (const stream of streams) {
    expect(await stream.nextWith('type', 'deltas')).toMatchObject({ d: [expect.any(Array)] })
  }
  expect(first?.messages.filter(({ type }) => type === 'deltas')).toHaveLength(1)
})

test('who returns gets exactly what it missed, also from the midst of a message', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  collector.add(ticker, 4)
  collector.add(ticker, 2)
  await stream.nextWith('type', 'deltas')
  await stream.nextWith('type', 'deltas')
  const back = await follow(collector.seq(2))
  expect(await back.next()).toMatchObject({ seq: [collector.seq(3), collector.seq(4)] })
  expect(await back.next()).toMatchObject({ seq: [collector.seq(5), collector.seq(6)] })
  expect(await back.next()).toEqual(ready)
  const current = await follow(collector.seq(6))
  expect(await current.next()).toEqual(ready)
})

test('who follows already is sent nothing twice, whatever it asks to resume from', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  collector.add(ticker, 2)
  await stream.nextWith('type', 'deltas')
  stream.send({ op: 'subscribe', resume: { [ticker]: collector.seq(0) } })
  expect(await stream.next()).toMatchObject({ type: 'subscribed', sub: 2 })
  expect(await stream.next()).toEqual({ type: 'ready', sub: 2 })
})

test('who missed more than is kept gets an image, who claims too much is told so', async () => {
  await (await follow()).nextWith('type', 'ready')
  const old = await follow(seqOf((epoch - 1) as Epoch, 5))
  expect(await old.next()).toMatchObject(image(0, 'resume_miss'))
  expect(await old.next()).toEqual(ready)
  const ahead = await follow(collector.seq(99))
  expect(await ahead.next()).toMatchObject({ type: 'error', code: 'resume_ahead', market: ticker })
  expect(await ahead.next()).toMatchObject({ image: true, seq: collector.seq(0) })
  expect(await ahead.next()).toEqual(ready)
})

test('across an epoch the missed records include the gap and the snapshot', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  const last = collector.seq(0)
  const gap = gapOf(seqOf((epoch + 1) as Epoch, 0), last)
  const snapshot = snapshotOf(seqOf((epoch + 1) as Epoch, 1), '9.00')
  collector.send([{ m: ticker, records: [gap, snapshot] }])
  await stream.nextWith('image', false)
  for (const have of [last, last + 50]) {
    const back = await follow(have)
    expect(await back.next()).toMatchObject({ type: 'gap', seq: gap.seq, prev_seq: last })
    expect(await back.next()).toMatchObject({ image: false, seq: snapshot.seq })
    expect(await back.next()).toEqual(ready)
  }
})

test('in a gap the gap is sent in place of an image, and the snapshot when it comes', async () => {
  await (await follow()).nextWith('type', 'ready')
  collector.send([{ m: ticker, records: [gapOf(collector.seq(1), collector.seq(0))] }])
  await collector.socket.nextWith('ack', 2)
  const stream = await follow()
  expect(await stream.next()).toMatchObject({ type: 'gap', seq: collector.seq(1), cause: 'cut' })
  expect(await stream.next()).toEqual(ready)
  collector.send([{ m: ticker, records: [snapshotOf(collector.seq(2), '9.00')] }])
  expect(await stream.next()).toMatchObject({ type: 'snapshot', image: false, reason: 'gap' })
})

test('an evicted object goes on from what it kept, and sockets that lived on miss nothing', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  await evictDurableObject(book())
  collector.add(ticker, 2)
  expect(await stream.next()).toMatchObject({ seq: [collector.seq(1), collector.seq(2)] })
  // What follows was not kept when the object goes again: a read or a record finds that out.
  await evictDurableObject(book())
  collector.add(ticker)
  expect(await stream.next()).toMatchObject({ ...image(3, 'resync'), yes: [['0.4000', '8.00']] })
  collector.add(ticker)
  expect(await stream.next()).toMatchObject({ seq: [collector.seq(4), collector.seq(4)] })
})

test('an evicted object that is behind its subscribers tells them only what they lack', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  collector.add(ticker, 2)
  await stream.nextWith('type', 'deltas')
  await evictDurableObject(book())
  collector.answers = false
  collector.add(ticker)
  const { need } = (await collector.socket.nextWith('need')) as { need: object[] }
  expect(need).toEqual([{ m: ticker, have: collector.seq(0) }])
  const [one, two, three] = [1, 2, 3].map((n) =>
    deltaOf(collector.seq(n), '1.00', `${(5 + n).toFixed(2)}`),
  )
  collector.send([{ m: ticker, records: [one ?? never(), two ?? never(), three ?? never()] }])
  expect(await stream.next()).toMatchObject({ seq: [collector.seq(3), collector.seq(3)] })
})

test('an evicted object in a gap learns of the gap, and nobody is told of it twice', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  const gap = gapOf(collector.seq(1), collector.seq(0))
  collector.send([{ m: ticker, records: [gap] }])
  await stream.nextWith('type', 'gap')
  await evictDurableObject(book())
  const known = collector.books.get(ticker) ?? never()
  collector.books.set(ticker, { ...known, seq: collector.seq(1), gap })
  expect(await dataOf(`/v1/markets/${ticker}/orderbook`)).toMatchObject({ status: 'unknown' })
  stream.send({ op: 'ping' })
  expect(await stream.next()).toEqual({ type: 'pong' })
})

test('after a hole that records cannot fill, subscribers get an image that covers it', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  const known = collector.books.get(ticker) ?? never()
  collector.books.set(ticker, { ...known, seq: collector.seq(40), yes: [['0.4000', '45.00']] })
  collector.add(ticker)
  expect(await stream.next()).toMatchObject({ ...image(41, 'resync'), yes: [['0.4000', '46.00']] })
})

test('resync sends an image, unsubscribe ends the records, ping is answered', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  stream.send({ op: 'resync', market: ticker })
  expect(await stream.next()).toMatchObject(image(0, 'resync'))
  stream.send({ op: 'ping' })
  expect(await stream.next()).toEqual({ type: 'pong' })
  stream.send({ op: 'unsubscribe', sub: 1 })
  expect(await stream.next()).toEqual({ type: 'unsubscribed', sub: 1 })
  collector.add(ticker)
  await collector.socket.nextWith('ack', 2)
  stream.send({ op: 'unsubscribe', sub: 1 })
  expect(await stream.next()).toMatchObject({ type: 'error', code: 'invalid_param' })
  stream.send({ op: 'subscribe', id: 9, resume: { [ticker]: collector.seq(0) } })
  expect(await stream.next()).toMatchObject({ type: 'subscribed', sub: 2 })
  expect(await stream.next()).toMatchObject({ seq: [collector.seq(1), collector.seq(1)] })
})

test('without a collector a subscriber is told that the feed is down, and served when it comes', async () => {
  collector.disconnect()
  const stream = await follow()
  expect(await stream.next()).toMatchObject({ type: 'heartbeat', feed: 'down', books: {} })
  const again = new TestCollector(epoch)
  again.known(ticker, 3)
  await again.connect()
  expect(await stream.nextWith('type', 'snapshot')).toMatchObject({
    ...image(3, 'initial'),
    seq: again.seq(3),
  })
  expect(await stream.next()).toEqual(ready)
  again.fallSilent()
})

test.each([
  ['no JSON', '{', 'bad_json'],
  ['no object', '7', 'bad_json'],
  ['no op', '{}', 'unknown_op'],
  ['an unknown op', '{"op":"shout"}', 'unknown_op'],
  ['a channel that is not here', '{"op":"subscribe","channels":["tape"]}', 'invalid_param'],
  ['a list of markets', '{"op":"subscribe","markets":["A"]}', 'invalid_param'],
  ['another market’s resume', '{"op":"subscribe","resume":{"A":1}}', 'unknown_market'],
  ['another market’s resync', '{"op":"resync","market":"A"}', 'unknown_market'],
  ['no sub', '{"op":"unsubscribe","sub":0}', 'invalid_param'],
])('%s is an error, and the stream goes on', async (_, text, code) => {
  const stream = await open()
  stream.send(text)
  expect(await stream.next()).toMatchObject({ type: 'error', code })
  stream.send({ op: 'ping' })
  expect(await stream.next()).toEqual({ type: 'pong' })
})

test('an error bears the id of what it answers', async () => {
  const stream = await open()
  stream.send({ op: 'subscribe', id: 5, channels: [] })
  expect(await stream.next()).toMatchObject({ type: 'error', id: 5, code: 'invalid_param' })
})

test('three bad messages in a row close the stream', async () => {
  const stream = await open()
  stream.sendBytes(new Uint8Array([1]))
  expect(await stream.next()).toMatchObject({ type: 'error', code: 'binary' })
  stream.send('{')
  stream.send('{')
  expect(await stream.closed).toMatchObject({ code: 1008 })
})

test('a message of more than 64 KiB is an error, one of more than a subscribe may have closes', async () => {
  const stream = await open()
  stream.send(`{"op":"ping"}${' '.repeat(64 * 1024)}`)
  expect(await stream.next()).toMatchObject({ type: 'error', code: 'too_large' })
  stream.send(`{"op":"ping"}${' '.repeat(1024 * 1024)}`)
  expect(await stream.closed).toMatchObject({ code: 1009 })
})

test('more than twenty messages a second are refused, and then close the stream', async () => {
  const stream = await open()
  for (let i = 0; i < 60; i++) stream.send({ op: 'ping' })
  expect(await stream.closed).toMatchObject({ code: 4008 })
  expect(stream.messages).toContainEqual(expect.objectContaining({ code: 'rate_limited' }))
  expect(stream.messages.filter(({ type }) => type === 'pong').length).toBeGreaterThanOrEqual(20)
})

test('a subscriber that does not read is closed with 4007 before it fills the memory', async () => {
  const stream = await follow()
  await stream.nextWith('type', 'ready')
  await runInDurableObject(book(), (_, state) => {
    const [socket] = state.getWebSockets()
    Object.defineProperty(socket, 'bufferedAmount', { value: 1024 * 1024 + 1 })
  })
  collector.add(ticker)
  expect(await stream.closed).toMatchObject({ code: 4007 })
})
