import { expect, test } from 'vitest'
import { decodeFrame } from '#core/kalshi/decode'
import type { Trade } from '#core/trade'
import { tradeOfFrame, tradeOfRow } from '../../collector/trades.ts'
import { us } from '../core/arbitraries.ts'

const RECV = us(1_789_966_900_700_000)
const ROW = {
  trade_id: '0723cb08-95a8-4a5e-9c35-0c2f5a5b7a2e',
  ticker: 'KXCRYPTOLEAD15M-26SEP210115-HYPE',
  count_fp: '82.12',
  yes_price_dollars: '0.1400',
  no_price_dollars: '0.8600',
  taker_side: 'no',
  taker_outcome_side: 'no',
  taker_book_side: 'ask',
  created_time: '2026-09-21T05:01:40.609873Z',
  is_block_trade: false,
}

function streamed(over: Record<string, unknown> = {}): Trade | null {
  const { ticker, created_time: _, ...rest } = ROW
  const msg = { ...rest, market_ticker: ticker, ts: 1_789_966_900, ts_ms: 1_789_966_900_609 }
  const frame = decodeFrame(
    JSON.stringify({ type: 'trade', sid: 5, seq: 674_041, msg: { ...msg, ...over } }),
  )
  if (frame.kind !== 'trade') throw new Error(`read as ${frame.kind}`)
  return tradeOfFrame(frame, RECV)
}

test('stream and REST tell the same trade, but for where it came from', () => {
  const trade = streamed()
  expect(trade).toEqual({
    market: 'KXCRYPTOLEAD15M-26SEP210115-HYPE',
    tradeId: '0723cb08-95a8-4a5e-9c35-0c2f5a5b7a2e',
    price: 140_000,
    size: 8212,
    taker: 'no',
    block: false,
    event: 1_789_966_900_609_000,
    recv: RECV,
    source: 'stream',
  })
  expect(tradeOfRow(ROW, RECV)).toEqual({ ...trade, source: 'refill' })
})

test('a block trade says that it is one', () => {
  expect(streamed({ is_block_trade: true })?.block).toBe(true)
  expect(tradeOfRow({ ...ROW, is_block_trade: true }, RECV)?.block).toBe(true)
})

test.each([
  ['an id that no key holds', { trade_id: `a${'0'.repeat(128)}` }],
  ['an id with a character of no id', { trade_id: 'a\u0000b' }],
])('%s makes no trade of a frame', (_, over) => {
  expect(streamed(over)).toBe(null)
})

test.each([
  ['nothing', null],
  ['no object', 'trade'],
  ['a row without its time', { ...ROW, created_time: undefined }],
  ['a time that is none', { ...ROW, created_time: 'yesterday' }],
  ['a time before there were computers', { ...ROW, created_time: '1969-12-31T23:59:59Z' }],
  ['prices that do not sum to a dollar', { ...ROW, no_price_dollars: '0.8500' }],
  ['a price outside the grid', { ...ROW, yes_price_dollars: '1.0000', no_price_dollars: '0.00' }],
  ['a negative count', { ...ROW, count_fp: '-1.00' }],
  ['another side', { ...ROW, taker_outcome_side: 'maybe' }],
  ['a ticker that is none', { ...ROW, ticker: 'a b' }],
  ['an id that no key holds', { ...ROW, trade_id: 'é' }],
])('%s is no trade of a list', (_, row) => {
  expect(tradeOfRow(row, RECV)).toBe(null)
})
