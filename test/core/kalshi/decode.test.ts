import { expect, test } from 'vitest'
import { decodeFrame } from '#core/kalshi/decode'
import { readShared, sharedData } from '../../shared-data.ts'

const frame = (value: unknown) => decodeFrame(JSON.stringify(value))
const snapshot = (msg: object) => ({
  type: 'orderbook_snapshot',
  sid: 1,
  seq: 5,
  msg: { market_ticker: 'KXA-1', market_id: 'id', ...msg },
})
const delta = (msg: object) => ({
  type: 'orderbook_delta',
  sid: 1,
  seq: 24,
  msg: {
    market_ticker: 'KXA-1',
    price_dollars: '0.4300',
    delta_fp: '-100.00',
    side: 'yes',
    ts: '2026-08-07T06:46:28.97871Z',
    ts_ms: 1786085188978,
    ...msg,
  },
})

test('a delta is read in integer units, with the finer of its two times', () => {
  expect(frame(delta({}))).toEqual({
    kind: 'delta',
    sid: 1,
    seq: 24,
    market: 'KXA-1',
    side: 'yes',
    price: 430_000,
    change: -10_000,
    event: 1786085188978710,
  })
})

test('a delta without ts bears its ts_ms, and without both no time', () => {
  expect(frame(delta({ ts: undefined }))).toMatchObject({ event: 1786085188978000 })
  expect(frame(delta({ ts: undefined, ts_ms: undefined }))).toMatchObject({ event: null })
})

test('sub-cent prices, fractional sizes and dotted tickers are read exactly', () => {
  const msg = { market_ticker: 'KXGOLDH-26AUG2711-T4615.99', price_dollars: '0.0001' }
  expect(frame(delta({ ...msg, delta_fp: '-0.09' }))).toMatchObject({
    market: 'KXGOLDH-26AUG2711-T4615.99',
    price: 100,
    change: -9,
  })
  expect(frame(delta({ price_dollars: '0.123456' }))).toMatchObject({ price: 123456 })
})

test('a snapshot that answers a question of ours says so', () => {
  expect(frame({ ...snapshot({}), id: 4 })).toMatchObject({ kind: 'snapshot', id: 4 })
  expect(frame({ ...snapshot({}), id: 0 })).toMatchObject({ id: null })
  expect(frame(snapshot({}))).toMatchObject({ id: null })
})

test('a snapshot is read best level first; an absent side is an empty one', () => {
  const levels = {
    no_dollars_fp: [
      ['0.0100', '5.00'],
      ['0.5500', '2.35'],
    ],
  }
  expect(frame(snapshot(levels))).toMatchObject({
    kind: 'snapshot',
    ladders: {
      yes: [],
      no: [
        [550_000, 235],
        [10_000, 500],
      ],
    },
  })
  expect(frame(snapshot({}))).toMatchObject({ ladders: { yes: [], no: [] } })
})

const refused: [string, unknown][] = [
  ['a price of nothing', delta({ price_dollars: '0.0000' })],
  ['a price of a dollar', delta({ price_dollars: '1.0000' })],
  ['a price finer than we can hold', delta({ price_dollars: '0.1234567' })],
  ['a time that is none', delta({ ts: 'yesterday' })],
  ['a time before 1970', delta({ ts: '1969-12-31T23:59:59Z' })],
  ['microseconds for milliseconds', delta({ ts: undefined, ts_ms: 1786085188978710 })],
  ['a time after 2112', delta({ ts: undefined, ts_ms: 9007199254740 })],
  ['a date after 2112', delta({ ts: '2255-01-01T00:00:00Z' })],
  ['a price as a number', delta({ price_dollars: 0.43 })],
  ['a change finer than we can hold', delta({ delta_fp: '1.001' })],
  ['an empty change', delta({ delta_fp: '' })],
  ['a third side', delta({ side: 'maybe' })],
  [
    'integer cents, as before March 2026',
    { ...delta({}), msg: { market_ticker: 'KXA-1', price: 51, delta: -1, side: 'no' } },
  ],
  ['ladders under a new name', snapshot({ yes_levels: [['0.4000', '1.00']] })],
  ['ladders under their old name', snapshot({ yes: [[40, 100]] })],
  ['a side that is null', snapshot({ yes_dollars_fp: null })],
  ['a level of size zero', snapshot({ yes_dollars_fp: [['0.4000', '0.00']] })],
  ['a level of three parts', snapshot({ yes_dollars_fp: [['0.4000', '1.00', 'x']] })],
  ['a snapshot without seq', { ...snapshot({}), seq: undefined }],
]
test.each(refused)('%s is refused, and its sid and market are still told', (_name, value) => {
  expect(frame(value)).toMatchObject({ kind: 'malformed', sid: 1, market: 'KXA-1' })
})

test('what is no JSON, or no object with a type, is malformed without a sid', () => {
  for (const text of ['', '{', 'null', '[]', '{"sid":1}', '{"type":7,"sid":true}']) {
    expect(decodeFrame(text)).toMatchObject({ kind: 'malformed', seq: null })
  }
})

test('an unknown type is kept apart, with its sid and seq', () => {
  expect(frame({ type: 'weather', sid: 3, seq: 9, msg: {} })).toEqual({
    kind: 'unknown',
    type: 'weather',
    sid: 3,
    seq: 9,
  })
})

test('an ok within a sid has its seq; the list of subscriptions has none', () => {
  expect(frame({ type: 'ok', id: 4, sid: 1, seq: 2 })).toEqual({
    kind: 'ok',
    id: 4,
    sid: 1,
    seq: 2,
  })
  const list = { type: 'ok', id: 3, msg: [{ channel: 'orderbook_delta', sid: 1 }] }
  expect(frame(list)).toEqual({ kind: 'ok', id: 3, sid: null, seq: null })
})

test('a ticker without bid or ask has null there, not a price of zero', () => {
  const msg = {
    market_ticker: 'KXA-1',
    price_dollars: '0.0000',
    yes_bid_dollars: '0.0000',
    yes_bid_size_fp: '0.00',
    yes_ask_dollars: '1.0000',
    yes_ask_size_fp: '0.00',
    volume_fp: '0.00',
    open_interest_fp: '0.00',
    ts_ms: 1,
  }
  expect(frame({ type: 'ticker', sid: 6, msg })).toMatchObject({ bid: null, ask: null })
  const bid = { ...msg, yes_bid_dollars: '0.4200', yes_bid_size_fp: '3.00' }
  expect(frame({ type: 'ticker', sid: 6, msg: bid })).toMatchObject({ bid: [420_000, 300] })
})

test('a trade whose legs do not add up to a dollar is refused', () => {
  const msg = {
    trade_id: 'a',
    market_ticker: 'KXA-1',
    yes_price_dollars: '0.4200',
    no_price_dollars: '0.5800',
    count_fp: '3.00',
    taker_outcome_side: 'yes',
    ts_ms: 1780096775004,
  }
  const trade = { type: 'trade', sid: 2, seq: 1, msg }
  expect(frame(trade)).toMatchObject({ kind: 'trade', price: 420_000, size: 300, block: false })
  expect(frame({ ...trade, msg: { ...msg, no_price_dollars: '0.5700' } }).kind).toBe('malformed')
})

test.skipIf(!sharedData)(
  'every real frame is read as what it is; legacy shapes alone are refused',
  () => {
    const lines = readShared('data/kalshi/ws-frames-misc.jsonl').trim().split('\n')
    const kinds = lines.map((line) => {
      const { provenance, frame: real } = JSON.parse(line) as { provenance: string; frame: unknown }
      const read = frame(real)
      const legacy = /LEGACY integer/.test(provenance)
      return [
        legacy ? 'malformed' : 'read',
        read.kind === 'malformed' ? 'malformed' : 'read',
        provenance,
      ]
    })
    expect(kinds.length).toBeGreaterThan(10)
    for (const [wanted, got, provenance] of kinds)
      expect([got, provenance]).toEqual([wanted, provenance])
  },
)

test.skipIf(!sharedData)('the recording of 140 production frames is read whole', () => {
  const lines = readShared('data/kalshi/ws-orderbook-2026-08-07.jsonl').trim().split('\n')
  const count: Record<string, number> = {}
  for (const line of lines) {
    const { kind } = frame((JSON.parse(line) as { frame: unknown }).frame)
    count[kind] = (count[kind] ?? 0) + 1
  }
  expect(count).toEqual({ subscribed: 1, snapshot: 12, ok: 11, delta: 116 })
})

test('what is kept of a life event as it came is nested only so deeply', () => {
  const nested = (depth: number) => {
    const custom = `${'['.repeat(depth)}${']'.repeat(depth)}`
    const msg = `{"market_ticker":"KXA","event_type":"created","custom":${custom}}`
    return decodeFrame(`{"type":"market_lifecycle_v2","sid":1,"seq":3,"msg":${msg}}`)
  }
  expect(nested(20).kind).toBe('market_lifecycle')
  expect(nested(100_000)).toEqual({
    kind: 'malformed',
    reason: 'msg: nested too deeply',
    market: 'KXA',
    sid: 1,
    seq: 3,
  })
})
