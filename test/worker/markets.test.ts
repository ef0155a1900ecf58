import { env, exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { type Epoch, seqOf } from '#core/log'
import { eventAnswer, eventRow } from '#core/wire/event-answer'
import { marketAnswer, marketRow } from '#core/wire/market-answer'
import { seriesAnswer, seriesRow } from '#core/wire/series-answer'
import { call, dataOf, errorOf } from './api.ts'
import { asOwner, setWatermark, storeRecords } from './store.ts'

const START = (Date.now() * 1000 - 100_000_000) as Micros
const at = (seconds: number) => (START + seconds * 1_000_000) as Micros
const EVENT = 'KXFOUND-26DEC'
const MARKET = `${EVENT}-C25`

beforeAll(async () => {
  await asOwner(async (sql) => {
    await sql`
      insert into kb.series (ticker, title, category, categories, frequency, tags, fee_type, fee_multiplier,
        settlement_sources, contract_url, raw, updated_us)
      values ('KXFOUND', 'Central bank', 'Economics', '["Economics","World"]', 'custom', '["Rates"]', 'quadratic', '1',
        '[{"name":"The bank","url":"https://bank.example"}]', 'https://contract.example', '{}', ${at(1)}),
        ('KXFOUNDLESS', '=Nothing', 'World', null, null, null, null, null, null, null, '{}', ${at(2)})`
    await sql`
      insert into kb.events (ticker, series_ticker, title, sub_title, mutually_exclusive, strike_us,
        fee_multiplier_override, raw, updated_us)
      values (${EVENT}, 'KXFOUND', 'Bank decision in December?', 'On Dec 9', true, ${at(9)}, '0.5', '{}', ${at(3)}),
        ('KXFOUND-27DEC', 'KXFOUND', 'Bank decision in December 2027?', null, null, null, null, '{}', ${at(4)})`
    await sql`
      insert into kb.markets (ticker, event_ticker, series_ticker, title, yes_sub_title, market_type, status, open_us,
        close_us, result, settlement_value, settlement_us, price_level_structure, price_ranges, floor_strike,
        notional_value, custom_strike, raw, first_seen_us, updated_us)
      values (${MARKET}, ${EVENT}, 'KXFOUND', 'Will the bank cut?', 'Cut 25bps', 'binary', 'finalized', ${at(-9)},
        ${at(5)}, 'yes', '1.0000', ${at(8)}, 'linear_cent', '[{"start":"0.0000","end":"1.0000","step":"0.0100"}]', '0.25',
        '1.0000', '{"a":1}', '{}', ${at(-10)}, ${at(8)})`
    await sql`
      insert into kb.settlements (market_id, n, result, settlement_value, determined_us, settled_us, recv_us, source)
      select id, n, case n when 0 then 'no' else 'yes' end, case n when 0 then '0.0000' else '1.0000' end,
        ${at(6)}::int8 + n, case n when 1 then ${at(8)}::int8 end, ${at(6)}, 'stream'
      from kb.markets, generate_series(0, 1) n where ticker = ${MARKET}`
    await sql`
      insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw, first_seen_us, updated_us)
      select 'KXFOUND-27DEC-T' || i, 'KXFOUND-27DEC', 'KXFOUND', 'Will the bank cut to ' || i || '?', 'binary', 'active',
        '{}', 1, 1
      from generate_series(1, 5) i`
    const [row] = await sql`select id from kb.markets where ticker = ${MARKET}`
    const first = { kind: 'snapshot', seq: seqOf(1 as Epoch, 0), recv: at(0), event: null } as const
    await storeRecords(Number(row?.['id']), [{ ...first, reason: 'first', yes: [], no: [] }])
  })
  await setWatermark(at(3))
})

type Page = { data: Record<string, unknown>[]; next_cursor: string | null }

async function tickers(address: string): Promise<unknown[]> {
  return (await dataOf<Record<string, unknown>[]>(address)).map((row) => row['ticker'])
}

async function text(address: string, accept: string): Promise<string> {
  const headers = { Authorization: `Bearer ${env.TEST_KEYS.good}`, Accept: accept }
  const request = new Request(`https://kalshibook.test${address}`, { headers })
  const response = await exports.default.fetch(request)
  return new TextDecoder().decode(await response.arrayBuffer())
}

test('everything known of a market is told, its fees, its result and what is recorded of it included', async () => {
  const market = await dataOf<Record<string, unknown>>(`/v1/markets/${MARKET}`)
  expect(marketAnswer.strict().parse(market)).toEqual(market)
  expect(market).toMatchObject({
    ticker: MARKET,
    series: 'KXFOUND',
    market_status: 'finalized',
    open_ts: printInstant(at(-9)),
    floor_strike: '0.25',
    custom_strike: { a: 1 },
    price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
    fees: { fee_type: 'quadratic', fee_multiplier: '0.5' },
    settlement_value: '1.0000',
    settlement: {
      result: 'yes',
      settlement_value: '1.0000',
      determined_ts: printInstant((at(6) + 1) as Micros),
      settled_ts: printInstant(at(8)),
    },
    covered: { from_ts: printInstant(at(0)), through_ts: printInstant(at(3)) },
  })
  expect(await dataOf('/v1/markets/KXFOUND-27DEC-T1')).toMatchObject({
    fees: { fee_type: 'quadratic', fee_multiplier: '1' },
    settlement: null,
    covered: { from_ts: null, through_ts: null },
  })
})

test('a list has each market with what is recorded of it, in both orders', async () => {
  const rows = await dataOf<Record<string, unknown>[]>('/v1/markets?series=KXFOUND')
  for (const row of rows) expect(marketRow.strict().parse(row)).toEqual(row)
  expect(rows[0]).toMatchObject({ ticker: MARKET, covered: { from_us: at(0), through_us: at(3) } })
  expect(rows[1]).toMatchObject({ covered: { from_us: null, through_us: null } })
  const down = await tickers('/v1/markets?series=KXFOUND&order=desc&limit=2')
  expect(down).toEqual(['KXFOUND-27DEC-T5', 'KXFOUND-27DEC-T4'])
  expect(await tickers(`/v1/markets?event=${EVENT}&status=finalized`)).toEqual([MARKET])
})

test('a search has the best first, page by page, and a cursor of its own', async () => {
  const all = await tickers('/v1/markets?q=bank+cut+december')
  expect(all.length).toBe(6)
  expect(all.at(-1)).toBe(MARKET)
  const seen: unknown[] = []
  let cursor = ''
  do {
    const answer = await call(`/v1/markets?q=bank+cut+december&limit=2${cursor}`)
    expect(answer.status).toBe(200)
    const page = answer.body as unknown as Page
    seen.push(...page.data.map((row) => row['ticker']))
    cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`
  } while (cursor !== '')
  expect(seen).toEqual(all)
  expect(await tickers('/v1/markets?q=bank&status=finalized')).toEqual([MARKET])
  expect(await tickers('/v1/markets?q=%3F%3F')).toEqual([])
  const first = await call('/v1/markets?q=bank&limit=1')
  const other = await call(`/v1/markets?q=cut&limit=1&cursor=${first.body['next_cursor']}`)
  expect(errorOf(other)).toMatchObject({ code: 'invalid_param', param: 'cursor' })
})

test('what a search cannot take is named', async () => {
  for (const [query, param] of [
    ['q=', 'q'],
    ['q=a%00b', 'q'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['q=a&q=b', 'q'],
    ['q=a&order=desc', 'order'],
    ['q=a&order=asc', 'order'],
    ['order=up', 'order'],
    ['status=open', 'status'],
    ['text=a', 'text'],
  ]) {
    const answer = await call(`/v1/markets?${query}`)
    expect([query, answer.status]).toEqual([query, 422])
    expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
  }
})

test('markets, found or listed, come as NDJSON and CSV too', async () => {
  for (const query of ['series=KXFOUND', 'q=bank']) {
    const lines = (await text(`/v1/markets?${query}`, 'application/x-ndjson')).trim().split('\n')
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'end', records: 6 })
    const csv = (await text(`/v1/markets?${query}`, 'text/csv')).trim().split('\n')
    expect(csv.length).toBe(7)
    expect(csv[0]).toContain('ticker,event,series,title')
  }
})

test('the hierarchy is told, with the fees of a series and what an event has in their place', async () => {
  const events = await dataOf<Record<string, unknown>[]>('/v1/events?series=KXFOUND')
  for (const row of events) expect(eventRow.strict().parse(row)).toEqual(row)
  expect(events).toMatchObject([
    {
      ticker: EVENT,
      category: 'Economics',
      fees: { fee_type: 'quadratic', fee_multiplier: '0.5' },
      fee_type_override: null,
      fee_multiplier_override: '0.5',
      strike_us: at(9),
    },
    { ticker: 'KXFOUND-27DEC', fees: { fee_multiplier: '1' }, fee_multiplier_override: null },
  ])
  expect(await tickers('/v1/events?series=KXFOUND&order=desc&limit=1')).toEqual(['KXFOUND-27DEC'])
  const event = await dataOf<Record<string, unknown>>(`/v1/events/${EVENT}`)
  expect(eventAnswer.strict().parse(event)).toEqual(event)
  expect(event).toMatchObject({ sub_title: 'On Dec 9', strike_ts: printInstant(at(9)) })

  const series = await dataOf<Record<string, unknown>>('/v1/series/KXFOUND')
  expect(seriesAnswer.strict().parse(series)).toEqual(series)
  expect(series).toMatchObject({
    categories: ['Economics', 'World'],
    fee_type: 'quadratic',
    fee_multiplier: '1',
    settlement_sources: [{ name: 'The bank' }],
  })
  const rows = await dataOf<Record<string, unknown>[]>('/v1/series?category=World')
  for (const row of rows) expect(seriesRow.strict().parse(row)).toEqual(row)
  expect(rows.map((row) => row['ticker'])).toEqual(['KXFOUND', 'KXFOUNDLESS'])
  expect(await tickers('/v1/series?category=Economics')).toEqual(['KXFOUND'])
  const csv = await text('/v1/series?category=World', 'text/csv')
  expect(csv).toContain(`\nKXFOUND,Central bank,Economics,"Economics, World",custom,Rates,`)
  expect(csv).toContain(`\nKXFOUNDLESS,'=Nothing,World,`)
})

test('events and series are paged, and what is not there is not found', async () => {
  const first = await call('/v1/events?series=KXFOUND&limit=1')
  const next = `/v1/events?series=KXFOUND&limit=1&cursor=${first.body['next_cursor']}`
  expect(await tickers(next)).toEqual(['KXFOUND-27DEC'])
  for (const address of ['/v1/markets/KXNONE', '/v1/events/KXNONE', '/v1/series/KXNONE']) {
    const answer = await call(address)
    expect(answer.status).toBe(404)
    expect(errorOf(answer).code).toBe('not_found')
  }
})

test('an object that has not changed is not sent again', async () => {
  for (const address of [`/v1/markets/${MARKET}`, `/v1/events/${EVENT}`, '/v1/series/KXFOUND']) {
    const first = await call(address)
    const headers = {
      Authorization: `Bearer ${env.TEST_KEYS.good}`,
      'If-None-Match': first.headers.get('ETag') ?? '',
    }
    const again = await call(address, headers)
    expect(again.status).toBe(304)
    expect(again.headers.get('X-Credits-Cost')).toBe('0')
  }
})
