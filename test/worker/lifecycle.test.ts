import { beforeAll, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { ChangeKind, ChangeSource } from '#core/market-change'
import { call, errorOf } from './api.ts'
import { allPages, streamed } from './list-calls.ts'
import { asOwner, setWatermark, storeMarket } from './store.ts'

const [M, OTHER] = ['LIVED-26NOV22-A', 'LIVED-26NOV23-B'] as const
const START = Date.UTC(2026, 10, 21) * 1000
const at = (seconds: number) => (START + seconds * 1_000_000) as Micros
let marketId = 0

type Made = {
  readonly market?: number
  readonly event?: string
  readonly kind: ChangeKind
  readonly recv: number
  readonly at?: number
  readonly detail?: Record<string, string | number>
  readonly source?: ChangeSource
}

const CHANGES: readonly Made[] = [
  { event: 'LIVED', kind: 'fee', recv: 0, detail: { fee_multiplier: 1 }, source: 'rest' },
  { kind: 'opened', recv: 10, at: 9, source: 'clock' },
  { event: 'LIVED-26NOV22', kind: 'fee', recv: 20, detail: { fee_multiplier_override: 2 } },
  { kind: 'price_level_structure_updated', recv: 30, detail: { price_level_structure: 'tapered' } },
  { kind: 'deactivated', recv: 40 },
  { kind: 'activated', recv: 41 },
  { kind: 'closed', recv: 50, at: 49 },
  // Heard at one moment.
  { kind: 'determined', recv: 60, at: 55, detail: { result: 'yes', settlement_value: '1.00' } },
  { kind: 'settled', recv: 60, at: 58 },
  { kind: 'status', recv: 60, detail: { status: 'finalized' } },
]

beforeAll(async () => {
  marketId = await storeMarket(M)
  const other = await storeMarket(OTHER)
  const foreign: readonly Made[] = [
    { market: other, kind: 'closed', recv: 5 },
    { event: 'LIVED-26NOV23', kind: 'fee', recv: 6 },
  ]
  await asOwner(async (sql) => {
    for (const { market, event, kind, recv, at: said, detail, source } of [
      ...CHANGES,
      ...foreign,
    ].reverse()) {
      await sql`
        insert into kb.lifecycle (market_id, event_ticker, kind, at_us, recv_us, source, detail)
        values (${event === undefined ? (market ?? marketId) : null}, ${event ?? null}, ${kind},
          ${said === undefined ? null : at(said)}, ${at(recv)}, ${source ?? 'stream'}, ${sql.json(detail ?? {})})`
    }
    await sql`
      insert into kb.settlements (market_id, n, result, settlement_value, determined_us, settled_us, recv_us, source)
      values (${marketId}, 0, 'no', '0', ${at(52)}, null, ${at(53)}, 'stream'),
        (${marketId}, 1, 'yes', '1.00', ${at(55)}, ${at(58)}, ${at(60)}, 'rest'),
        (${other}, 0, 'no', null, null, null, ${at(60)}, 'rest')`
  })
  await setWatermark(at(100))
})

const path = (of: string, query = '') => `/v1/markets/${M}/${of}?${query}`

test('what became of a market, its event and its series comes as we heard it, whatever the page', async () => {
  const kinds = CHANGES.map(({ kind }) => kind)
  for (const limit of [1, 3, 100]) {
    const rows = await allPages(path('lifecycle'), limit)
    expect(rows.map((row) => row['kind'])).toEqual(kinds)
  }
  const down = await allPages(path('lifecycle', 'order=desc'), 4)
  expect(down.map((row) => row['kind'])).toEqual([...kinds].reverse())
})

test('a change says what it is of, what changed, who said so and when', async () => {
  const rows = await allPages(path('lifecycle'), 100)
  expect(rows[0]).toMatchObject({ subject: 'series', ticker: 'LIVED', kind: 'fee', source: 'rest' })
  expect(rows[2]).toMatchObject({ subject: 'event', ticker: 'LIVED-26NOV22', event_us: null })
  expect(rows[7]).toEqual({
    type: 'change',
    subject: 'market',
    ticker: M,
    kind: 'determined',
    detail: { result: 'yes', settlement_value: '1.00' },
    source: 'stream',
    event_us: at(55),
    recv_us: at(60),
  })
})

test('the range means when we heard it', async () => {
  const rows = await allPages(path('lifecycle', `from=${at(30)}&to=${at(41)}`), 2)
  expect(rows.map((row) => row['recv_us'])).toEqual([at(30), at(40)])
})

test('changes stream; in CSV their detail is JSON', async () => {
  const { lines } = await streamed(path('lifecycle'), 'application/x-ndjson')
  expect(JSON.parse(String(lines.at(-1)))).toEqual({
    type: 'end',
    records: CHANGES.length,
    through_us: at(100),
    credits: 1,
  })
  const csv = await streamed(path('lifecycle'), 'text/csv')
  expect(csv.lines[0]).toBe('subject,ticker,kind,detail,source,event_us,recv_us')
  expect(csv.lines[1]).toBe(`series,LIVED,fee,"{""fee_multiplier"":1}",rest,,${at(0)}`)
})

test('every result of a market is told, the last being the one that counts', async () => {
  const first = {
    type: 'settlement',
    market: M,
    n: 0,
    result: 'no',
    settlement_value: '0.0000',
    determined_us: at(52),
    settled_us: null,
    recv_us: at(53),
    source: 'stream',
  }
  const rows = await allPages(path('settlements'), 1)
  expect(rows[0]).toEqual(first)
  expect(rows[1]).toMatchObject({
    n: 1,
    result: 'yes',
    settlement_value: '1.0000',
    settled_us: at(58),
  })
  expect(rows).toHaveLength(2)
  expect(await allPages(path('settlements', 'order=desc'), 1)).toEqual([...rows].reverse())
  const csv = await streamed(path('settlements'), 'text/csv')
  expect(csv.lines[1]).toBe(`${M},0,no,0.0000,${at(52)},,${at(53)},stream`)
})

test('what is asked for wrongly is refused by its name', async () => {
  const wrong = [
    ['/v1/markets/NOBODY/lifecycle', 404, undefined],
    ['/v1/markets/NOBODY/settlements', 404, undefined],
    [path('settlements', `from=${at(0)}`), 422, 'from'],
    [path('lifecycle', `from=${at(1)}&to=${at(0)}`), 422, 'to'],
    [path('lifecycle', 'kind=fee'), 422, 'kind'],
  ] as const
  for (const [address, status, param] of wrong) {
    const answer = await call(address)
    expect([answer.status, errorOf(answer).param], address).toEqual([status, param])
  }
})
