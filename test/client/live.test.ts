import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { fullChecksum } from '#core/checksum'
import { type BookRecord, seqOf } from '#core/log'
import { type LiveOptions, LiveStream } from '../../client/live.ts'
import type { OpenSocket } from '../../client/socket.ts'
import type { StreamEvent } from '../../client/stream-event.ts'
import type { Fetch } from '../../client/ticket.ts'
import { change, epoch, levels, must, price, size, us } from '../core/arbitraries.ts'
import { until } from '../until.ts'
import { StreamHost } from './stream-host.ts'
import { StreamServer } from './stream-server.ts'

const A = 'KXA-26NOV22-T1.5'
const B = 'KXB-26NOV22-T2'

const hosts: StreamHost[] = []
const streams: LiveStream[] = []
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close()
  await Promise.all(hosts.splice(0).map((host) => host.stop()))
})

async function hosted(): Promise<{ server: StreamServer; host: StreamHost }> {
  const server = new StreamServer([A, B])
  const host = new StreamHost(server)
  await host.start()
  hosts.push(host)
  for (const market of [A, B]) server.publish(market, [snapshot(0)])
  return { server, host }
}

function snapshot(n: number, of = 8): BookRecord {
  const stamp = { seq: seqOf(epoch(of), n), recv: us(n + 1), event: null }
  const ladders = { yes: levels([420_000, 500]), no: levels([560_000, 700]) }
  return { kind: 'snapshot', ...stamp, reason: 'first', ...ladders }
}

/** Record `n`: one contract more at 42 cents. */
function delta(n: number): BookRecord {
  const stamp = { seq: seqOf(epoch(8), n), recv: us(n + 1), event: us(n) }
  const to = { side: 'yes', price: price(420_000) } as const
  return { kind: 'delta', ...stamp, ...to, change: change('1.00'), size: size(500 + 100 * n) }
}

/** Opens a stream, with short waits, and gathers what it tells. */
function follow(host: StreamHost, options: Partial<LiveOptions> = {}) {
  const stream = new LiveStream({ url: host.url, random: () => 0.01, ...options })
  streams.push(stream)
  const events: StreamEvent[] = []
  const ended = (async () => {
    for await (const event of stream) events.push(event)
  })()
  const told = <Type extends StreamEvent['type']>(type: Type) =>
    events.filter((event) => event.type === type) as Extract<StreamEvent, { type: Type }>[]
  return { stream, events, ended, told }
}

function sameBook(stream: LiveStream, server: StreamServer, market: string): boolean {
  const live = must(server.books.get(market))
  const book = stream.book(market)
  if (book === null || book.stale || book.seq !== live.seq) return false
  const truth = live.state.kind === 'known' ? live.state.book.ladders() : null
  const ladders = book.ladders()
  return ladders !== null && truth !== null && fullChecksum(ladders) === fullChecksum(truth)
}

test('cut without a word, it comes back with a new ticket and gets exactly the records that it missed', async () => {
  const { server, host } = await hosted()
  const { stream, told, events } = follow(host, { apiKey: 'kb_live_of_a_test' })
  const id = stream.subscribe({ markets: [A, B, 'NONE'] })
  await until('it is healthy', () => stream.healthy)
  expect(told('subscribed')).toMatchObject([{ id, accepted: 2, rejected: [{ market: 'NONE' }] }])
  server.publish(A, [delta(1)])
  await until('a change has come', () => sameBook(stream, server, A))
  expect(stream.book(A)?.view()).toEqual({
    bids: [['0.4200', '6.00']],
    asks: [['0.4400', '7.00']],
  })
  host.cut()
  await until('it knows', () => told('stale').length === 1)
  expect(stream.book(A)?.stale).toBe(true)
  server.publish(A, [delta(2), delta(3)])
  await until('it is back', () => told('healthy').length === 2)
  expect(sameBook(stream, server, A) && sameBook(stream, server, B)).toBe(true)
  expect(events.filter(({ type }) => type === 'book')).toHaveLength(2)
  expect(told('changes').map(({ market, seq }) => [market, ...seq])).toEqual([
    [A, seqOf(epoch(8), 1), seqOf(epoch(8), 1)],
    [A, seqOf(epoch(8), 2), seqOf(epoch(8), 3)],
  ])
  expect(host.asked).toEqual(
    [1, 2].map(() => ({
      path: '/v1/stream/tickets',
      key: 'Bearer kb_live_of_a_test',
      market: '*',
    })),
  )
  expect(host.upgrades.map(({ path, protocols }) => [path, protocols.replace(/, +/, ',')])).toEqual(
    [
      ['/v1/stream', 'kb.v1,kbt_1'],
      ['/v1/stream', 'kb.v1,kbt_2'],
    ],
  )
})

test('a single market’s stream is opened at its own address, by a socket that bears a header', async () => {
  const { server, host } = await hosted()
  const { stream, told } = follow(host, {
    market: A,
    open: (url) => new WebSocket(url, { headers: { authorization: 'Bearer kb_live_of_a_test' } }),
  })
  stream.subscribe()
  await until('it is healthy', () => stream.healthy)
  server.publish(A, [delta(1)])
  await until('a change has come', () => sameBook(stream, server, A))
  expect(host.upgrades).toMatchObject([{ path: `/v1/markets/${A}/stream`, protocols: '' }])
  expect(host.asked).toEqual([])
  expect(server.heard).toEqual([{ op: 'subscribe', id: 1, channels: ['book'] }])
  expect(told('ready')).toEqual([{ type: 'ready', id: 1 }])
})

test.each([
  [4003, 'plan_forbids'],
  [4004, 'key_revoked'],
  [4009, 'out_of_credits'],
] as const)('closed with %i it stops, and tells %s', async (code, cause) => {
  const { host } = await hosted()
  const { stream, events, ended } = follow(host)
  stream.subscribe({ markets: [A] })
  await until('it is healthy', () => stream.healthy)
  host.cut(code, 'why')
  await ended
  expect(events.at(-1)).toEqual({ type: 'stopped', cause, message: 'why' })
  expect(host.upgrades).toHaveLength(1)
})

test.each([1001, 1011, 4006, 4007, 4008])('closed with %i it comes back', async (code) => {
  const { host } = await hosted()
  const { stream, told } = follow(host)
  stream.subscribe({ markets: [A] })
  await until('it is healthy', () => stream.healthy)
  host.cut(code, 'why')
  await until('it is back', () => told('healthy').length === 2)
})

test.each([
  [401, 'unauthorized'],
  [403, 'forbidden'],
] as const)('a refusal with %i stops it, of a ticket and of the upgrade', async (status, cause) => {
  const { host } = await hosted()
  host.refuseTicket = { status, message: 'no' }
  const byKey = follow(host, { apiKey: 'kb_live_of_a_test' })
  await byKey.ended
  expect(byKey.events).toEqual([{ type: 'stopped', cause, message: 'no' }])
  host.refuseUpgrade = { status, message: 'no' }
  const byHeader = follow(host, { open: (url) => new WebSocket(url) })
  await byHeader.ended
  expect(byHeader.events).toMatchObject([{ type: 'stopped', cause }])
})

test('a refusal that may pass is tried again', async () => {
  const { host } = await hosted()
  host.refuseTicket = { status: 503, message: 'not now' }
  const { stream } = follow(host, { apiKey: 'kb_live_of_a_test' })
  stream.subscribe({ markets: [A] })
  await until('it has asked twice', () => host.asked.length > 1)
  host.refuseTicket = null
  await until('it is healthy', () => stream.healthy)
})

test('silence makes it stale, and connects it again', async () => {
  const { host } = await hosted()
  const { stream, told } = follow(host, { silentMs: 60 })
  stream.subscribe({ markets: [A] })
  await until('it was silent, and is back', () => told('healthy').length > 1)
  expect(told('stale')[0]).toMatchObject({ cause: 'silent' })
})

test('when the server never came so far, the book is forgotten and begins anew', async () => {
  const { server, host } = await hosted()
  const { stream, told } = follow(host)
  stream.subscribe({ markets: [A, B] })
  server.publish(A, [delta(1), delta(2)])
  await until('it has them', () => stream.healthy && sameBook(stream, server, A))
  // A backup without the last records is restored.
  const restored = new StreamServer([A, B])
  for (const market of [A, B]) restored.publish(market, [snapshot(0)])
  server.books.clear()
  for (const [market, live] of restored.books) server.books.set(market, live)
  host.cut()
  await until('it is back', () => told('healthy').length === 2)
  expect(told('error')).toMatchObject([{ code: 'resume_ahead', market: A }])
  expect(stream.book(A)?.seq).toBe(seqOf(epoch(8), 0))
  expect(sameBook(stream, server, A) && sameBook(stream, server, B)).toBe(true)
})

test('who cannot connect at all is told once, and why', async () => {
  const { host } = await hosted()
  host.refuseUpgrade = { status: 503, message: 'not now' }
  const open: OpenSocket = (url) => new WebSocket(url)
  const { stream, told } = follow(host, { open })
  stream.subscribe({ markets: [A] })
  await until('it was tried', () => told('stale').length > 0)
  expect(told('stale')[0]).toMatchObject({
    cause: 'disconnected',
    message: expect.stringMatching(/503/),
  })
  host.refuseUpgrade = null
  await until('it is healthy', () => stream.healthy)
  expect(told('stale')).toHaveLength(1)
})

test('a closed stream waits for no ticket any more', async () => {
  const { host } = await hosted()
  let given: AbortSignal | null | undefined
  const fetch: Fetch = (_, { signal }) => {
    given = signal
    return new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason)))
  }
  const { stream, events, ended } = follow(host, { apiKey: 'kb_live_1', fetch })
  stream.close()
  await ended
  expect(given?.aborted).toBe(true)
  expect(events).toEqual([])
})

test('a reader who is too slow is told, and the book has lost nothing', async () => {
  const { server, host } = await hosted()
  const stream = new LiveStream({ url: host.url, queue: 20 })
  streams.push(stream)
  stream.subscribe({ markets: [A, B], channels: ['book', 'trade'] })
  await until('it is healthy', () => stream.healthy)
  for (let n = 1; n <= 50; n++) server.publish(A, [delta(n)])
  server.say({
    type: 'trade',
    trade_id: 't1',
    market: B,
    price: '0.4200',
    size: '1.00',
    taker: 'yes',
    block: false,
    event_us: 1,
    recv_us: 2,
    source: 'stream',
  })
  for (let n = 51; n <= 100; n++) server.publish(A, [delta(n)])
  await until('all has come', () => sameBook(stream, server, A))
  expect(stream.waiting).toBeLessThanOrEqual(21)
  const events: StreamEvent[] = []
  setTimeout(() => stream.close(), 20)
  for await (const event of stream) events.push(event)
  const behind = events.filter((event) => event.type === 'behind')
  const changes = events.filter((event) => event.type === 'changes')
  expect(behind).toMatchObject([{ trades: 1, markets: expect.arrayContaining([A, B]) }])
  expect(must(behind[0]).dropped + changes.length).toBe(100 + 2 + 1)
  // Of what a reader may wait for nothing is dropped.
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['welcome', 'subscribed', 'ready', 'healthy']),
  )
})

test('a trade that comes again after a resume is told once, and a hole in trades is told', async () => {
  const { server, host } = await hosted()
  const { stream, told } = follow(host)
  stream.subscribe({ markets: [A], channels: ['trade'] })
  await until('it is healthy', () => stream.healthy)
  const trade = {
    type: 'trade',
    market: A,
    price: '0.4200',
    size: '1.00',
    taker: 'no',
    block: false,
    event_us: 1_795_280_401_000_000,
    recv_us: 1_795_280_402_000_000,
    source: 'stream',
  } as const
  server.say({ ...trade, trade_id: 'one' })
  await until('a trade has come', () => told('trade').length === 1)
  host.cut()
  await until('it is back', () => told('healthy').length === 2)
  server.say({ ...trade, trade_id: 'one' })
  server.say({ type: 'gap', channel: 'trade', from_us: 5, to_us: null })
  server.say({ ...trade, trade_id: 'two' })
  await until('another has come', () => told('trade').length === 2)
  expect(told('trade').map(({ trade_id }) => trade_id)).toEqual(['one', 'two'])
  expect(told('trade_gap')).toEqual([{ type: 'trade_gap', market: null, from_us: 5, to_us: null }])
  const [, again] = server.heard as { resume_trades_us?: number }[]
  expect(again?.resume_trades_us).toBeLessThanOrEqual(trade.recv_us)
  expect(again?.resume_trades_us).toBeGreaterThan(trade.recv_us - 10_000_000)
})

test('when the feed is down the books are stale though the socket lives', async () => {
  const { server, host } = await hosted()
  const { stream, told } = follow(host)
  stream.subscribe({ markets: [A] })
  await until('it is healthy', () => stream.healthy)
  server.beat('down')
  await until('it knows', () => told('stale').length === 1)
  expect(told('stale')).toMatchObject([{ cause: 'feed_down', retryMs: null }])
  expect(stream.book(A)?.stale).toBe(true)
  server.beat()
  await until('it is healthy again', () => told('healthy').length === 2)
  expect(stream.book(A)?.stale).toBe(false)
})
