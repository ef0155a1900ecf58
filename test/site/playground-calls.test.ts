import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestOf } from '../../worker/site/playground/best-of-log.ts'
import { callOf } from '../../worker/site/playground/call.ts'
import { endingOf } from '../../worker/site/playground/file-ending.ts'
import { printFragment, readFragment } from '../../worker/site/playground/fragment.ts'
import type { Operation, OperationField } from '../../worker/site/playground/operation.ts'
import { printJson } from '../../worker/site/playground/print-json.ts'
import { sampleOf } from '../../worker/site/playground/samples.ts'

const run = promisify(execFile)
const ORIGIN = 'https://kalshibook.test'
const HOSTILE = `a'b"c\`d$(touch x)\${e}\\f`

const field = (name: string, more: Partial<OperationField> = {}): OperationField => ({
  name,
  where: 'query',
  kind: 'text',
  required: false,
  about: '',
  ...more,
})
const DELTAS: Operation = {
  id: 'listMarketDeltas',
  tag: 'The record',
  method: 'GET',
  path: '/v1/markets/{ticker}/deltas',
  summary: 'A market’s log',
  about: '',
  fields: [
    field('ticker', { where: 'path', kind: 'market', required: true }),
    ...['from', 'to', 'limit', 'layout'].map((name) => field(name)),
  ],
  formats: ['application/json', 'application/x-ndjson', 'text/csv'],
  priced: true,
  stream: false,
  open: false,
  visitors: true,
}
const TICKETS: Operation = {
  ...DELTAS,
  id: 'makeStreamTicket',
  method: 'POST',
  path: '/v1/stream/tickets',
  fields: [field('market', { where: 'body' }), field('origin', { where: 'body' })],
  formats: ['application/json'],
}
const STREAM: Operation = {
  ...DELTAS,
  id: 'openStream',
  path: '/v1/stream',
  fields: [
    field('markets', { where: 'subscribe', kind: 'markets', required: true }),
    field('channels', { where: 'subscribe', kind: 'several' }),
    field('depth', { where: 'subscribe', kind: 'choice' }),
    field('conflate_ms', { where: 'subscribe', kind: 'number' }),
  ],
  formats: [],
  stream: true,
}

test('a call is made of what a form holds, and what it lacks is named', () => {
  const call = callOf(DELTAS, {
    ticker: ' A/B ',
    from: '2026-11-21T17:00:00+01:00',
    limit: '',
    accept: 'text/csv',
    other: 'x',
  })
  expect(call.path).toBe('/v1/markets/A%2FB/deltas?from=2026-11-21T17:00:00%2B01:00')
  expect([call.accept, call.body, call.subscribe, call.missing]).toEqual([
    'text/csv',
    null,
    null,
    [],
  ])
  expect(callOf(DELTAS, { accept: 'application/json' })).toMatchObject({
    path: '/v1/markets/{ticker}/deltas',
    accept: null,
    missing: ['ticker'],
  })
  expect(callOf(TICKETS, { market: 'A' }).body).toBe('{"market":"A"}')
  const stream = callOf(STREAM, {
    markets: 'A, B',
    channels: 'book,bbo',
    depth: '5',
    conflate_ms: '0',
  })
  expect(stream.subscribe).toBe(
    '{"op":"subscribe","id":1,"markets":["A","B"],"channels":["book","bbo"],"depth":5,"conflate_ms":0}',
  )
})

test('a shell gives curl what is asked for, whatever was typed', async () => {
  const given = async (operation: Operation, values: Record<string, string>) => {
    const sample = sampleOf('curl', callOf(operation, values), ORIGIN)
    const script = `curl() { printf '%s\\n' "$@"; }\nwebsocat() { cat; printf '%s\\n' "$@"; }\n${sample}`
    const env = { ...process.env, KALSHIBOOK_KEY: 'THE KEY' }
    return (await run('sh', ['-c', script], { env })).stdout.trimEnd().split('\n')
  }
  expect(await given(DELTAS, { ticker: HOSTILE, accept: 'text/csv' })).toEqual([
    '-H',
    'Authorization: Bearer THE KEY',
    '-H',
    'Accept: text/csv',
    `${ORIGIN}/v1/markets/${encodeURIComponent(HOSTILE)}/deltas`,
  ])
  expect(await given(TICKETS, { market: HOSTILE })).toEqual([
    '-H',
    'Authorization: Bearer THE KEY',
    '-H',
    'Content-Type: application/json',
    '-d',
    JSON.stringify({ market: HOSTILE }),
    `${ORIGIN}/v1/stream/tickets`,
  ])
  // A shell's own `echo` may read backslashes.
  expect(await given(STREAM, { markets: HOSTILE })).toEqual([
    JSON.stringify({ op: 'subscribe', id: 1, markets: [HOSTILE] }),
    '-n',
    '-H',
    'Authorization: Bearer THE KEY',
    'wss://kalshibook.test/v1/stream',
  ])
})

test('TypeScript fetches what is asked for, whatever was typed', async () => {
  const sample = sampleOf('TypeScript', callOf(TICKETS, { market: HOSTILE }), ORIGIN)
  const { code } = await transform(`async function run() {\n${sample}}`, { loader: 'ts' })
  const asked: unknown[] = []
  const fetched = async (...given: unknown[]) => {
    asked.push(...given)
    return { ok: true, json: async () => null }
  }
  const runIt = new Function('fetch', 'process', 'console', `${code}; return run()`)
  await runIt(fetched, { env: { KALSHIBOOK_KEY: 'THE KEY' } }, { log: () => {} })
  expect(asked).toEqual([
    `${ORIGIN}/v1/stream/tickets`,
    {
      method: 'POST',
      headers: { authorization: 'Bearer THE KEY', 'content-type': 'application/json' },
      body: JSON.stringify({ market: HOSTILE }),
    },
  ])
})

test('the client stands for fetch only where it asks for the very same', () => {
  const sample = (values: Record<string, string>) =>
    sampleOf('TypeScript', callOf(DELTAS, { ticker: 'A', ...values }), ORIGIN)
  const stream = { layout: 'stream', accept: 'application/x-ndjson' }
  expect(sample({ ...stream, from: '1795345898' })).toContain(`new PastLog({
  url: '${ORIGIN}',
  apiKey: process.env.KALSHIBOOK_KEY ?? '',
  of: { market: 'A' },
  from: '1795345898',
})`)
  expect(sample({ ...stream, limit: '5' })).toContain('fetch(')
  expect(sample({ layout: 'stream' })).toContain('fetch(')
  const live = sampleOf('TypeScript', callOf(STREAM, { markets: 'A,B', conflate_ms: '5' }), ORIGIN)
  expect(live).toContain("stream.subscribe({\n  markets: ['A', 'B'],\n  conflateMs: 5,\n})")
})

test('Python asks for the same by its standard library', () => {
  expect(
    sampleOf('Python', callOf(DELTAS, { ticker: 'A', accept: 'text/csv' }), ORIGIN),
  ).toBe(`import os
import urllib.request

request = urllib.request.Request(
    "https://kalshibook.test/v1/markets/A/deltas",
    headers={
        "Authorization": "Bearer " + os.environ["KALSHIBOOK_KEY"],
        "Accept": "text/csv",
    },
)
with urllib.request.urlopen(request) as answer:
    for line in answer:
        print(line.decode(), end="")
`)
})

test('the address of the page names a call and gives it back', () => {
  const texts = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(texts, texts, (ticker, from) => {
      const values = { ticker, from, accept: 'text/csv' }
      expect(readFragment(printFragment(DELTAS, values))).toEqual({ op: DELTAS.id, values })
    }),
  )
  expect(readFragment('')).toEqual({ op: null, values: {} })
  expect(printFragment(DELTAS, { other: 'x', ticker: '' })).toBe('#op=listMarketDeltas')
})

test('JSON is printed to be read, and no more of it than is wanted', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const { text, whole } = printJson(value, 1e9)
      expect(whole).toBe(true)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
  const rows = Array.from({ length: 100_000 }, (_, i) => ({ seq: i, side: 'yes', price: '0.4200' }))
  const { text, whole } = printJson({ data: rows }, 10_000)
  expect(whole).toBe(false)
  expect(text.length).toBeLessThan(10_200)
  expect(text.split('\n')[2]).toBe('    { "seq": 0, "side": "yes", "price": "0.4200" },')
})

test('best prices are those of the log from its first whole book on', () => {
  const delta = (recv_us: number, side: 'yes' | 'no', price: string, size: string) => ({
    type: 'delta',
    market: 'A',
    recv_us,
    side,
    price,
    size,
  })
  const { market, changes } = bestOf([
    delta(1, 'yes', '0.9000', '1.00'),
    {
      type: 'snapshot',
      market: 'A',
      recv_us: 2,
      yes: [['0.4000', '5.00']],
      no: [['0.5500', '7.00']],
    },
    delta(3, 'yes', '0.3000', '1.00'),
    { ...delta(4, 'yes', '0.4400', '1.00'), market: 'B' },
    delta(5, 'yes', '0.4100', '2.00'),
    { type: 'deltas', market: 'A', sent_us: 9, d: [['no', '0.5500', null, '0.00', null, 6]] },
    { type: 'gap', market: 'A', recv_us: 7 },
    delta(8, 'yes', '0.4200', '2.00'),
  ])
  const ask = ['0.4500', '7.00']
  expect(market).toBe('A')
  expect(changes).toEqual([
    { recv_us: 2, known: true, bid: ['0.4000', '5.00'], ask },
    { recv_us: 5, known: true, bid: ['0.4100', '2.00'], ask },
    { recv_us: 6, known: true, bid: ['0.4100', '2.00'], ask: null },
    { recv_us: 7, known: false, bid: null, ask: null },
  ])
})

test('a gap hides what was taken for known in it, from its very beginning on', () => {
  const book = (recv_us: number, price: string) => ({
    type: 'snapshot',
    market: 'A',
    recv_us,
    yes: [[price, '5.00']] as const,
    no: [],
  })
  const gap = { type: 'gap', market: 'A', from_us: 30, recv_us: 90 }
  const { changes } = bestOf([
    book(10, '0.4000'),
    book(30, '0.4100'),
    book(50, '0.4200'),
    gap,
    book(95, '0.4300'),
  ])
  expect(changes.map(({ recv_us, bid }) => [recv_us, bid?.[0] ?? null])).toEqual([
    [10, '0.4000'],
    [30, '0.4100'],
    [31, null],
    [95, '0.4300'],
  ])
})

test('a file is whole when its last line says so, and CSV always', async () => {
  const ending = (text: string, type = 'application/x-ndjson; charset=UTF-8') =>
    endingOf(new Blob([text], { type }))
  const row = '{"type":"delta","market":"A"}\n'
  expect(await ending(`${row}{"type":"end","records":1,"through_us":5,"credits":1}\n`)).toEqual({
    kind: 'whole',
  })
  const part = '{"type":"end","records":1,"through_us":5,"credits":1,"cursor":"x"}\n'
  expect(await ending(row + part)).toEqual({ kind: 'part' })
  const message = 'the credits of this month are spent'
  expect(
    await ending(`${row}{"type":"error","code":"quota_exceeded","message":"${message}"}\n`),
  ).toEqual({ kind: 'broken', message })
  const missing = { kind: 'broken', message: 'its last line is missing' }
  const end = '{"type":"end","seq":7,"reason":"settled"}\n'
  for (const text of ['', row, row + end, row + part.slice(0, 20), 'null\n']) {
    expect(await ending(text)).toEqual(missing)
  }
  expect(await ending('a,b\n1,2\n', 'text/csv')).toEqual({ kind: 'whole' })
})
