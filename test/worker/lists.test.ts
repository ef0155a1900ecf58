import { beforeAll, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { type BookRecord, type Epoch, type Level, type Seq, seqOf } from '#core/log'
import { call, dataOf, errorOf } from './api.ts'
import { setWatermark, storeGap, storeMarket, storeRecords } from './store.ts'

const T = 'LIST-26NOV22-T1'
const START = (Date.now() * 1000 - 100_000_000) as Micros
const at = (seconds: number) => (START + seconds * 1_000_000) as Micros
const seq = (n: number): Seq => seqOf(1 as Epoch, n)
const ticker = (n: number) => `LISTED-26NOV2${n % 2}-T${n}`
const path = (of: string, query: string) => `/v1/markets/${T}/${of}?${query}`

beforeAll(async () => {
  for (let n = 0; n < 5; n++) await storeMarket(ticker(n), n === 4 ? 'finalized' : 'active')
  const id = await storeMarket(T)
  const first = {
    kind: 'snapshot',
    seq: seq(0),
    recv: at(0),
    event: null,
    reason: 'first',
  } as const
  const deltas = [1, 2, 3, 4].map((n) => ({
    kind: 'delta',
    seq: seq(n),
    // Two of them in one instant.
    recv: at(n === 3 ? 2 : n),
    event: null,
    side: 'yes',
    price: 400_000,
    change: 100,
    size: 100 + n * 100,
  }))
  const yes = [[400_000, 100]] as unknown as Level[]
  await storeRecords(id, [{ ...first, yes, no: [] }, ...(deltas as unknown as BookRecord[])])
  for (const n of [1, 2, 3]) {
    const to = n === 3 ? null : at(n * 10 + 5)
    await storeGap(id, {
      seq: seq(100 + n),
      cause: 'cut',
      from: at(n * 10),
      to,
      noticed: at(n * 10 + 5),
      prevSeq: null,
    })
  }
  await setWatermark(at(3))
})

/** Every row of a list, page by page. */
async function pages(address: string, limit: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  let cursor = ''
  for (;;) {
    const answer = await call(`${address}&limit=${limit}${cursor}`)
    expect(answer.status).toBe(200)
    const page = answer.body as { data: Record<string, unknown>[]; next_cursor: string | null }
    expect(page.data.length).toBeLessThanOrEqual(limit)
    rows.push(...page.data)
    if (page.next_cursor === null) return rows
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
  }
}

test('markets come in the order of their tickers, each once, whatever the page', async () => {
  for (const limit of [1, 2, 5, 6]) {
    const rows = await pages('/v1/markets?series=LISTED', limit)
    expect(rows.map((row) => row['ticker'])).toEqual([0, 2, 4, 1, 3].map(ticker))
  }
  const final = await pages('/v1/markets?series=LISTED&status=finalized', 10)
  expect(final.map((row) => row['ticker'])).toEqual([ticker(4)])
  const event = await pages('/v1/markets?event=LISTED-26NOV21', 1)
  expect(event.map((row) => row['ticker'])).toEqual([ticker(1), ticker(3)])
})

test('a market says what its record covers', async () => {
  expect(await dataOf(`/v1/markets/${T}`)).toMatchObject({
    ticker: T,
    market_status: 'active',
    covered: { from_ts: printInstant(at(0)), through_ts: printInstant(at(3)) },
  })
})

test('the log comes in order, each record once, up to the watermark, across equal instants', async () => {
  for (const limit of [1, 2, 3, 10]) {
    const rows = await pages(path('deltas', ''), limit)
    expect(rows.map((row) => row['seq'])).toEqual([0, 1, 2, 3].map(seq))
  }
  const answer = await call(path('deltas', 'limit=10'))
  expect(answer.body['meta']).toMatchObject({ through_us: at(3) })
  expect((answer.body['data'] as unknown[])[1]).toEqual({
    type: 'delta',
    seq: seq(1),
    side: 'yes',
    price: '0.4000',
    change: '1.00',
    size: '2.00',
    event_us: null,
    recv_us: at(1),
  })
})

test('from is inclusive, to exclusive, after_seq strict', async () => {
  const rows = async (query: string) =>
    (await pages(path('deltas', query), 10)).map((row) => row['seq'])
  expect(await rows(`from=${at(1)}&to=${at(2)}`)).toEqual([seq(1)])
  expect(await rows(`after_seq=${seq(2)}`)).toEqual([seq(3)])
  expect(await rows(`after_seq=${seq(9)}`)).toEqual([])
  expect(await rows(`from=${at(-50)}&to=${at(1)}`)).toEqual([seq(0)])
})

test('a range that ends before the record begins is not covered', async () => {
  for (const of of ['deltas', 'gaps']) {
    const answer = await call(path(of, `from=${at(-9)}&to=${at(0)}`))
    expect(answer.status).toBe(404)
    expect(errorOf(answer)).toMatchObject({ code: 'range_not_covered', param: 'to' })
  }
})

test('gaps are those that overlap the range, with their bounds as known now', async () => {
  const rows = async (query: string, limit = 1) =>
    (await pages(path('gaps', query), limit)).map((row) => row['from_us'])
  expect(await rows('')).toEqual([10, 20, 30].map(at))
  expect(await rows(`from=${at(12)}&to=${at(13)}`)).toEqual([at(10)])
  expect(await rows(`from=${at(15)}&to=${at(21)}`)).toEqual([at(20)])
  expect(await rows(`from=${at(90)}`)).toEqual([at(30)])
  expect((await pages(path('gaps', ''), 10))[0]).toEqual({
    type: 'gap',
    seq: seq(101),
    cause: 'cut',
    from_us: at(10),
    to_us: at(15),
    prev_seq: null,
    event_us: null,
    recv_us: at(15),
  })
})

test('a cursor is good for its own list alone, and not when it was touched', async () => {
  const first = await call(path('deltas', 'limit=1'))
  const cursor = String(first.body['next_cursor'])
  const [position, signature = ''] = cursor.split('.')
  const turned = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
  for (const address of [
    path('deltas', `cursor=${position}.${turned}`),
    path('deltas', `cursor=${position}1.${signature}`),
    path('deltas', `from=${at(0)}&cursor=${cursor}`),
    path('gaps', `cursor=${cursor}`),
    `/v1/markets/${ticker(0)}/deltas?cursor=${cursor}`,
  ]) {
    const answer = await call(address)
    expect(answer.status).toBe(422)
    expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param: 'cursor' })
  }
  expect((await call(path('deltas', `limit=2&cursor=${cursor}`))).status).toBe(200)
})
