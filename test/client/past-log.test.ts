import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { LiveBook } from '#core/live-book'
import { type BookRecord, seqOf } from '#core/log'
import { PastLog, type PastLogOptions } from '../../client/past-log.ts'
import type { LogEvent } from '../../client/stream-event.ts'
import { change, epoch, levels, price, size, us } from '../core/arbitraries.ts'

const M = 'KXA-26NOV22-T1.5'
const KEY = 'kb_live_of_a_test'
const END = { type: 'end', records: 3, through_us: 9, credits: 1 }

let server: Server | null = null
afterEach(() => new Promise((resolve) => server?.close(resolve)))

/** A log of a snapshot, two changes and a gap, as the lines of its stream. */
function lines(): object[] {
  const stamp = (n: number) => ({ seq: seqOf(epoch(8), n), recv: us(n + 1) })
  const change1 = { side: 'yes', price: price(420_000), change: change('1.00') } as const
  const records: BookRecord[] = [
    {
      kind: 'snapshot',
      ...stamp(0),
      event: null,
      reason: 'first',
      yes: levels([420_000, 500]),
      no: [],
    },
    { kind: 'delta', ...stamp(1), event: us(1), ...change1, size: size(600) },
    { kind: 'delta', ...stamp(2), event: us(2), ...change1, size: size(700) },
    {
      kind: 'gap',
      ...stamp(3),
      event: null,
      cause: 'cut',
      from: us(3),
      prevSeq: seqOf(epoch(8), 2),
    },
  ]
  const live = new LiveBook(M, 'active')
  const first = live.take(records.slice(0, 1), null, 1)
  expect(first.messages).toHaveLength(1)
  return [...live.start('initial'), ...live.take(records.slice(1), null, 1).messages]
}

/** Answers once with this text, of which so much (bytes of gzip) goes out before the line is cut. */
async function serve(status: number, text: string, cut?: number): Promise<{ paths: string[] }> {
  const paths: string[] = []
  server = createServer((request, response) => {
    paths.push(`${request.url} ${request.headers.authorization} ${request.headers.accept}`)
    const body = gzipSync(text)
    response.writeHead(status, {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    })
    if (cut === undefined) response.end(body)
    else response.write(body.subarray(0, cut), () => response.socket?.destroy())
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return { paths }
}

async function read(more: Partial<PastLogOptions> = {}) {
  const { port } = (server?.address() ?? { port: 0 }) as AddressInfo
  const log = new PastLog({
    url: `http://127.0.0.1:${port}`,
    apiKey: KEY,
    of: { market: M },
    ...more,
  })
  const events: LogEvent[] = []
  for await (const event of log) events.push(event)
  return { log, events }
}

const ndjson = (all: readonly object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join('')

test('a log is read by the rule of streams, and its last line says that it was all', async () => {
  const { paths } = await serve(200, ndjson([...lines(), END]))
  const { log, events } = await read({ from: '2026-11-21T17:00:00Z' })
  expect(paths).toEqual([
    `/v1/markets/${M}/deltas?layout=stream&from=2026-11-21T17%3A00%3A00Z Bearer ${KEY} application/x-ndjson`,
  ])
  expect(events.map(({ type }) => type)).toEqual(['book', 'changes', 'gap', 'log_end'])
  expect(events.at(-1)).toEqual({ type: 'log_end', records: 3, through_us: 9, cursor: null })
  expect(log.book(M)).toMatchObject({ kind: 'unknown', gap: { cause: 'cut' }, stale: false })
})

test('several markets and events are asked for at their own addresses', async () => {
  const { paths } = await serve(200, ndjson([END]))
  await read({ of: { event: 'KXA-26NOV22' } })
  await read({ of: { markets: ['A', 'B'] }, cursor: 'c~1', limit: 7 })
  expect(paths.map((path) => path.split(' ')[0])).toEqual([
    '/v1/events/KXA-26NOV22/deltas?layout=stream',
    '/v1/deltas?layout=stream&cursor=c%7E1&tickers=A%2CB&limit=7',
  ])
})

test('a log that broke off with a word says where to go on', async () => {
  const error = {
    type: 'error',
    code: 'upstream_degraded',
    message: 'not now',
    cursor: '7~8.abc',
  }
  await serve(200, ndjson([...lines().slice(0, 1), error]))
  const { events } = await read()
  expect(events.map(({ type }) => type)).toEqual(['book', 'incomplete'])
  expect(events.at(-1)).toMatchObject({ code: 'upstream_degraded', cursor: '7~8.abc' })
})

test('a log without its last line, or cut in the middle, is told to be incomplete', async () => {
  await serve(200, ndjson(lines()))
  const whole = await read()
  expect(whole.events.map(({ type }) => type)).toEqual(['book', 'changes', 'gap', 'incomplete'])
  await new Promise((resolve) => server?.close(resolve))
  await serve(200, ndjson([...lines(), END]), 100)
  const cut = await read()
  expect(cut.events.at(-1)).toMatchObject({ type: 'incomplete', code: 'cut' })
})

test('a refusal is told with its code', async () => {
  await serve(404, ndjson([{ error: { code: 'not_found', message: 'there is no market X' } }]))
  const { events } = await read()
  expect(events).toEqual([
    { type: 'incomplete', code: 'not_found', message: 'there is no market X', cursor: null },
  ])
})

test('a hole or a wrong checksum in a log is told, and its book is stale', async () => {
  const [image, changes] = lines()
  await serve(200, ndjson([image ?? {}, { ...changes, checksum: 1 }, END]))
  const { log, events } = await read()
  expect(events).toMatchObject([
    { type: 'book' },
    { type: 'resync', cause: 'checksum' },
    { type: 'log_end' },
  ])
  expect(log.book(M)?.stale).toBe(true)
})
