import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { LiveStream } from '../../client/live.ts'
import type { SocketEvent, SocketLike } from '../../client/socket.ts'
import type { StreamEvent } from '../../client/stream-event.ts'
import { gapOf, snapshotOf, TestCollector } from './collector.ts'
import { setLease, storeMarket } from './store.ts'

const M = 'CLIENT-26NOV22-T1'
const ORIGIN = 'https://page.test'
let epoch = 21_000
let collector: TestCollector
const streams: LiveStream[] = []

beforeAll(() => storeMarket(M))
beforeEach(async () => {
  epoch += 10
  await setLease(epoch)
  collector = new TestCollector(epoch)
  collector.known(M)
  await collector.connect()
})
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close()
  collector.disconnect()
})

/** A socket as a page has it: it offers subprotocols and bears its Origin, and no other header can be set. */
class PageSocket implements SocketLike {
  readonly #listeners = new Map<string, ((event: SocketEvent) => void)[]>()
  #socket: WebSocket | null = null

  constructor(url: string, protocols: string[]) {
    void this.#open(url.replace(/^wss/, 'https'), protocols)
  }

  addEventListener(type: string, hear: (event: SocketEvent) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), hear])
  }

  send(text: string): void {
    this.#socket?.send(text)
  }

  close(code?: number): void {
    this.#socket?.close(code)
  }

  /** As if the network were gone. */
  cut(): void {
    this.#socket?.close(1000)
    this.#tell({ type: 'close', code: 1006 })
  }

  async #open(url: string, protocols: string[]): Promise<void> {
    const headers = {
      Upgrade: 'websocket',
      Origin: ORIGIN,
      'Sec-WebSocket-Protocol': protocols.join(', '),
    }
    const answer = await exports.default.fetch(new Request(url, { headers }))
    const socket = answer.webSocket
    // A browser gives up unless one that it offered was taken.
    const taken = answer.headers.get('Sec-WebSocket-Protocol')
    if (socket === null || taken !== 'kb.v1') return this.#tell({ type: 'close', code: 1006 })
    this.#socket = socket
    for (const type of ['message', 'close', 'error'] as const) {
      socket.addEventListener(type, (event) => this.#tell(event as SocketEvent))
    }
    socket.accept()
    this.#tell({ type: 'open' })
  }

  #tell(event: SocketEvent): void {
    for (const hear of this.#listeners.get(event.type) ?? []) hear(event)
  }
}

function follow(market?: string, apiKey: string = env.TEST_KEYS.good) {
  const sockets: PageSocket[] = []
  const stream = new LiveStream({
    url: 'https://kalshibook.test',
    apiKey,
    random: () => 0.01,
    ...(market === undefined ? {} : { market }),
    fetch: (url, { headers, ...init }) => {
      const sent = { ...(headers as Record<string, string>), Origin: ORIGIN }
      return exports.default.fetch(new Request(url, { ...init, headers: sent } as RequestInit))
    },
    open: (url, protocols) => {
      const socket = new PageSocket(url, protocols)
      sockets.push(socket)
      return socket
    },
  })
  streams.push(stream)
  const events: StreamEvent[] = []
  const ended = (async () => {
    for await (const event of stream) events.push(event)
  })()
  return { stream, events, ended, sockets }
}

const patience = { timeout: 8000, interval: 10 }

test.each([
  ['of one market', M],
  ['of any markets', undefined],
])(
  'with a ticket of its own, the client follows a stream %s through changes, a cut and a gap',
  async (_, market) => {
    const { stream, events, sockets } = follow(market)
    // While somebody follows it, a market's last records are kept.
    const { stream: stayer } = follow(market)
    for (const each of [stream, stayer])
      each.subscribe(market === undefined ? { markets: [M] } : {})
    await vi.waitFor(() => expect(stream.healthy && stayer.healthy).toBe(true), patience)
    const book = stream.book(M)
    collector.add(M, 3)
    await vi.waitFor(() => expect(book?.seq).toBe(collector.seq(3)), patience)
    expect(book?.view()).toEqual({ bids: [['0.4000', '8.00']], asks: [] })
    sockets.at(-1)?.cut()
    expect(book?.stale).toBe(true)
    collector.add(M, 2)
    await vi.waitFor(() => expect(stream.healthy).toBe(true), patience)
    await vi.waitFor(() => expect(book?.seq).toBe(collector.seq(5)), patience)
    expect(book?.view()?.bids).toEqual([['0.4000', '10.00']])
    expect(sockets.length).toBeGreaterThan(1)
    // It missed two records, and got them: nothing began anew.
    expect(events.filter(({ type }) => type === 'book')).toHaveLength(1)
    collector.send([{ m: M, records: [gapOf(collector.seq(6), collector.seq(5))] }])
    await vi.waitFor(() => expect(book?.kind).toBe('unknown'), patience)
    expect([book?.gap?.cause, book?.view()]).toEqual(['cut', null])
    collector.send([{ m: M, records: [snapshotOf(collector.seq(7), '9.00')] }])
    await vi.waitFor(() => expect(book?.view()?.bids).toEqual([['0.4000', '9.00']]), patience)
    expect(events.filter(({ type }) => type === 'resync' || type === 'error')).toEqual([])
  },
)

test('a key that was revoked ends the stream', async () => {
  const { events, ended } = follow(M, env.TEST_KEYS.revoked)
  await ended
  expect(events).toMatchObject([{ type: 'stopped', cause: 'unauthorized' }])
})
