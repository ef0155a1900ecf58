import { env, exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { crc32 } from '#core/checksum'
import type { Micros } from '#core/instant'
import { type BookRecord, type Epoch, type Level, type Seq, seqOf } from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import { call, errorOf } from './api.ts'
import { setWatermark, storeGap, storeMarket, storeRecords } from './store.ts'

const EVENT = 'DELTAS-26NOV22'
const [A, B] = [`${EVENT}-A`, `${EVENT}-B`] as const
const START = (Date.now() * 1000 - 3_600_000_000) as Micros
const at = (seconds: number) => (START + seconds * 1_000_000) as Micros
const seq = (n: number): Seq => seqOf(1 as Epoch, n)
const levels = (...pairs: [number, number][]) => pairs as unknown as Level[]

const snapshot = (n: number, recv: Micros, yes: Level[], no: Level[]): BookRecord => ({
  kind: 'snapshot',
  seq: seq(n),
  recv,
  event: null,
  reason: n === 0 ? 'first' : 'gap',
  yes,
  no,
})
const delta = (n: number, recv: Micros, side: 'yes' | 'no', of: [number, number, number]) => ({
  kind: 'delta' as const,
  seq: seq(n),
  recv,
  event: (recv - 5000) as Micros,
  side,
  price: of[0] as Price,
  change: of[1] as SizeChange,
  size: of[2] as Size,
})

beforeAll(async () => {
  const a = await storeMarket(A)
  const b = await storeMarket(B)
  await storeRecords(a, [
    snapshot(0, at(0), levels([420_000, 1000]), levels([550_000, 500])),
    delta(1, at(1), 'yes', [420_000, 200, 1200]),
    // Recorded before it was found out that from second 2 on nothing was sure.
    delta(2, at(3), 'no', [550_000, -500, 0]),
    {
      kind: 'gap',
      seq: seq(3),
      recv: at(4),
      event: null,
      cause: 'silence',
      from: at(2),
      prevSeq: seq(2),
    },
    snapshot(4, at(6), levels([410_000, 300]), []),
    delta(5, at(7), 'no', [560_000, 400, 400]),
  ])
  await storeGap(a, {
    seq: seq(3),
    cause: 'silence',
    from: at(2),
    to: at(6),
    noticed: at(4),
    prevSeq: seq(2),
  })
  await storeRecords(b, [
    snapshot(0, at(1), levels([300_000, 100]), []),
    delta(1, at(1), 'yes', [310_000, 100, 100]),
    { kind: 'end', seq: seq(2), recv: at(8), event: null, reason: 'settled' },
  ])
  await setWatermark(at(100))
})

function ask(path: string, accept: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${env.TEST_KEYS.good}`, Accept: accept }
  return exports.default.fetch(new Request(`https://kalshibook.test${path}`, { headers }))
}

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const answer = await ask(path, 'application/x-ndjson')
  expect(answer.status).toBe(200)
  const text = new TextDecoder().decode(await answer.arrayBuffer())
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function pages(path: string, limit: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (let cursor = ''; ; ) {
    const { status, body } = await call(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`,
    )
    expect(status).toBe(200)
    rows.push(...(body['data'] as Record<string, unknown>[]))
    if (body['next_cursor'] === null) return rows
    cursor = `&cursor=${body['next_cursor']}`
  }
}

const MERGED = [
  [A, 0],
  [A, 1],
  [B, 0],
  [B, 1],
  [A, 2],
  [A, 3],
  [A, 4],
  [A, 5],
  [B, 2],
].map(([market, n]) => ({ market, seq: seq(Number(n)) }))

test('the logs of several markets come merged, each row naming its market, page by page and either way', async () => {
  for (const path of [`/v1/events/${EVENT}/deltas`, `/v1/deltas?tickers=${B},${A}`]) {
    for (const limit of [1, 2, 4, 100]) {
      const rows = await pages(path, limit)
      expect(rows.map(({ market, seq: n }) => ({ market, seq: n }))).toEqual(MERGED)
    }
    const more = path.includes('?') ? '&' : '?'
    const down = await pages(`${path}${more}order=desc`, 2)
    expect(down.map(({ market, seq: n }) => ({ market, seq: n }))).toEqual(MERGED.toReversed())
    const part = await pages(`${path}${more}from=${at(1)}&to=${at(4)}`, 2)
    expect(part.map(({ market, seq: n }) => ({ market, seq: n }))).toEqual(MERGED.slice(1, 5))
  }
})

test('NDJSON and CSV have the rows of the pages', async () => {
  const one = `/v1/markets/${A}/deltas`
  for (const path of [one, `/v1/deltas?tickers=${A},${B}`]) {
    const rows = await pages(path, 100)
    const lines = await linesOf(path)
    expect(lines.slice(0, -1)).toEqual(rows)
    expect(lines.at(-1)).toMatchObject({ type: 'end', records: rows.length, through_us: at(100) })
  }
  const csv = (await (await ask(one, 'text/csv')).text()).split('\n')
  expect(csv[0]).toBe(
    'type,seq,side,price,change,size,event_us,recv_us,reason,from_us,prev_seq,yes,no',
  )
  expect(csv[1]).toBe(`snapshot,${seq(0)},,,,,,${at(0)},first,,,0.4200:10.00,0.5500:5.00`)
  expect(csv[2]).toBe(`delta,${seq(1)},yes,0.4200,2.00,12.00,${at(1) - 5000},${at(1)},,,,,`)
  expect(csv[4]).toBe(`gap,${seq(3)},,,,,,${at(4)},silence,${at(2)},${seq(2)},,`)
  const merged = (await (await ask(`/v1/deltas?tickers=${A},${B}`, 'text/csv')).text()).split('\n')
  expect(merged[0]).toBe(`market,${csv[0]}`)
  expect(merged[1]).toBe(`${A},${csv[1]}`)
  expect(merged).toHaveLength(MERGED.length + 2)
})

test('layout=stream is a stream’s messages: first the book at from, none inside a gap as it is known now', async () => {
  const lines = await linesOf(`/v1/markets/${A}/deltas?from=${at(1)}&layout=stream`)
  expect(lines).toEqual([
    {
      type: 'snapshot',
      market: A,
      seq: seq(0),
      image: true,
      reason: 'initial',
      yes: [['0.4200', '10.00']],
      no: [['0.5500', '5.00']],
      checksum: crc32('420000:1000|550000:500'),
      full_checksum: crc32('420000:1000|550000:500'),
      market_status: 'active',
      recv_us: at(0),
    },
    {
      type: 'deltas',
      market: A,
      seq: [seq(1), seq(1)],
      d: [['yes', '0.4200', '2.00', '12.00', at(1) - 5000, at(1)]],
      checksum: crc32('420000:1200|550000:500'),
      sent_us: at(1),
    },
    {
      type: 'gap',
      market: A,
      seq: seq(3),
      cause: 'silence',
      from_us: at(2),
      to_us: null,
      prev_seq: seq(2),
      event_us: null,
      recv_us: at(4),
    },
    expect.objectContaining({ type: 'snapshot', seq: seq(4), image: false, reason: 'gap' }),
    expect.objectContaining({ type: 'deltas', seq: [seq(5), seq(5)] }),
    { type: 'end', records: 5, through_us: at(100), credits: 1 },
  ])
  const inside = await linesOf(`/v1/markets/${A}/deltas?from=${at(3)}&to=${at(5)}&layout=stream`)
  expect(inside.map(({ type }) => type)).toEqual(['gap', 'end'])
  const merged = await linesOf(`/v1/events/${EVENT}/deltas?layout=stream`)
  expect(merged.map(({ type, market }) => [type, market])).toEqual([
    ['snapshot', A],
    ['deltas', A],
    ['snapshot', B],
    ['deltas', B],
    ['gap', A],
    ['snapshot', A],
    ['deltas', A],
    ['end', B],
    ['end', undefined],
  ])
})

test('a replay that was cut goes on with how the books stand there', async () => {
  const path = `/v1/markets/${A}/deltas?from=${at(0)}&layout=stream`
  const part = await linesOf(`${path}&limit=2`)
  const cursor = String(part.at(-1)?.['cursor'])
  const rest = await linesOf(`${path}&cursor=${cursor}`)
  expect(rest[0]).toMatchObject({ type: 'snapshot', image: true, seq: seq(1) })
  expect(rest.slice(1, -1).map(({ type }) => type)).toEqual(['gap', 'snapshot', 'deltas'])
})

test('layout=tardis is as incremental_book_L2 files are, and a gap takes every level away', async () => {
  const answer = await ask(`/v1/markets/${A}/deltas?from=${at(1)}&layout=tardis`, 'text/csv')
  const lines = (await answer.text()).split('\n')
  expect(lines).toEqual([
    'exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount',
    `kalshi,${A},${at(0)},${at(0)},true,bid,0.4200,10.00`,
    `kalshi,${A},${at(0)},${at(0)},true,ask,0.4500,5.00`,
    `kalshi,${A},${at(1) - 5000},${at(1)},false,bid,0.4200,12.00`,
    `kalshi,${A},${at(2)},${at(2)},false,bid,0.4200,0.00`,
    `kalshi,${A},${at(2)},${at(2)},false,ask,0.4500,0.00`,
    `kalshi,${A},${at(6)},${at(6)},true,bid,0.4100,3.00`,
    `kalshi,${A},${at(7) - 5000},${at(7)},false,ask,0.4400,4.00`,
    '',
  ])
})

test('a layout is refused where it has no meaning', async () => {
  const path = `/v1/markets/${A}/deltas`
  for (const [query, accept, param] of [
    ['layout=stream', 'text/csv', 'layout'],
    ['layout=stream', 'application/json', 'layout'],
    ['layout=tardis', 'application/x-ndjson', 'layout'],
    ['layout=stream&order=desc', 'application/x-ndjson', 'order'],
    [`layout=stream&after_seq=${seq(1)}`, 'application/x-ndjson', 'after_seq'],
    ['layout=other', 'application/x-ndjson', 'layout'],
  ] as const) {
    const answer = await ask(`${path}?${query}`, accept)
    expect(answer.status).toBe(422)
    const body = (await answer.json()) as Record<string, unknown>
    const error = errorOf({ status: 422, headers: answer.headers, body })
    expect(error).toMatchObject({ code: 'invalid_param', param })
  }
})

test('markets that are not there, too many of them, and ranges before the record are refused', async () => {
  const errors = async (path: string) => {
    const answer = await call(path)
    return { status: answer.status, ...errorOf(answer) }
  }
  expect(await errors(`/v1/deltas?tickers=${A},NOBODY`)).toMatchObject({
    status: 404,
    code: 'not_found',
    message: expect.stringContaining('NOBODY'),
  })
  expect(await errors('/v1/events/NOTHING/deltas')).toMatchObject({ status: 404 })
  expect(await errors('/v1/deltas')).toMatchObject({ status: 422, param: 'tickers' })
  const many = Array.from({ length: 101 }, (_, i) => `T${i}`).join()
  expect(await errors(`/v1/deltas?tickers=${many}`)).toMatchObject({
    status: 422,
    param: 'tickers',
  })
  for (const path of [`/v1/deltas?tickers=${A},${B}&`, `/v1/events/${EVENT}/deltas?`]) {
    expect(await errors(`${path}from=${at(-9)}&to=${at(0)}`)).toMatchObject({
      status: 404,
      code: 'range_not_covered',
      param: 'to',
    })
  }
  const other = (await call(`/v1/deltas?tickers=${A},${B}&limit=1`)).body['next_cursor']
  expect(await errors(`/v1/deltas?tickers=${A}&cursor=${other}`)).toMatchObject({
    status: 422,
    param: 'cursor',
  })
  expect((await call(`/v1/deltas?tickers=${B},${A}&cursor=${other}`)).status).toBe(200)
})

test('the changes of the bbo come as rows and as streams, and a gap makes both sides null from its beginning on', async () => {
  const path = `/v1/markets/${A}/bbo`
  const rows = [
    [0, true, ['0.4200', '10.00'], ['0.4500', '5.00'], at(0)],
    [1, true, ['0.4200', '12.00'], ['0.4500', '5.00'], at(1)],
    [1, false, null, null, at(2) + 1],
    [4, true, ['0.4100', '3.00'], null, at(6)],
    [5, true, ['0.4100', '3.00'], ['0.4400', '4.00'], at(7)],
  ].map(([n, known, bid, ask, recv_us]) => ({ seq: seq(Number(n)), known, bid, ask, recv_us }))
  for (const limit of [1, 2, 100]) {
    const found = await pages(path, limit)
    expect(found.map(({ event_us: _, ...row }) => row)).toEqual(rows)
    const down = await pages(`${path}?order=desc`, limit)
    expect(down.map(({ event_us: _, ...row }) => row)).toEqual(rows.toReversed())
  }
  expect((await linesOf(`${path}?from=${at(1)}`))[0]).toMatchObject({ seq: seq(1) })
  expect(await pages(`${path}?from=${at(3)}&to=${at(6)}`, 10)).toEqual([])
  const csv = (await (await ask(path, 'text/csv')).text()).split('\n')
  expect(csv[0]).toBe('seq,known,bid_price,bid_size,ask_price,ask_size,event_us,recv_us')
  expect(csv[1]).toBe(`${seq(0)},true,0.4200,10.00,0.4500,5.00,,${at(0)}`)
  expect((await call('/v1/markets/NOBODY/bbo')).status).toBe(404)
})
