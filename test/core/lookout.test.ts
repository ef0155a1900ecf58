import { expect, test } from 'vitest'
import { decodeFrame } from '#core/kalshi/decode'
import { LOOKOUT_CHANNELS, Lookout } from '#core/lookout'
import { must, us } from './arbitraries.ts'

/** A connection with its three channels: sids 1 to 3, subscribed at 10, 20 and 30. */
function lookout() {
  const it = new Lookout()
  const hear = (frame: object, at: number) => it.frame(decodeFrame(JSON.stringify(frame)), us(at))
  const subscribed = LOOKOUT_CHANNELS.map((channel, i) =>
    hear({ type: 'subscribed', id: i + 1, msg: { channel, sid: i + 1 } }, 10 * (i + 1)),
  )
  const trade = (seq: number, at: number, more: object = {}) =>
    hear({ type: 'trade', sid: 1, seq, msg: { ...TRADE, trade_id: `t${seq}`, ...more } }, at)
  const quote = (at: number) => hear({ type: 'ticker', sid: 2, msg: QUOTE }, at)
  return { it, hear, subscribed, trade, quote }
}
const TRADE = {
  market_ticker: 'KXA-1',
  yes_price_dollars: '0.4000',
  no_price_dollars: '0.6000',
  count_fp: '1.00',
  taker_outcome_side: 'yes',
  is_block_trade: false,
  ts_ms: 1000,
}
const QUOTE = {
  market_ticker: 'KXA-1',
  price_dollars: '0.4000',
  yes_bid_dollars: '0.4000',
  yes_ask_dollars: '0.4100',
  yes_bid_size_fp: '1.00',
  yes_ask_size_fp: '1.00',
  volume_fp: '1.00',
  open_interest_fp: '1.00',
  ts_ms: 1000,
}
const lost = (channel: string, from: number) => ({ channel, state: { kind: 'lost', from } })
const resumed = (channel: string, at: number) => ({ channel, state: { kind: 'resumed', at } })

test('each channel is whole from its subscription on', () => {
  const { it, subscribed } = lookout()
  expect(subscribed.flatMap(({ turns }) => turns)).toEqual([
    resumed('trade', 10),
    resumed('ticker', 20),
    resumed('market_lifecycle_v2', 30),
  ])
  expect(it.missing).toEqual([])
  expect(new Lookout().missing).toEqual(['trade', 'ticker', 'market_lifecycle_v2'])
})

test('trades, quotes and life events are handed on', () => {
  const { trade, quote, hear } = lookout()
  expect(trade(1, 40).frame).toMatchObject({ kind: 'trade', tradeId: 't1' })
  expect(quote(50).frame?.kind).toBe('ticker')
  const life = { market_ticker: 'KXA-1', event_type: 'settled', settled_ts: 1 }
  const told = hear({ type: 'market_lifecycle_v2', sid: 3, seq: 1, msg: life }, 60)
  expect(told.frame?.kind).toBe('market_lifecycle')
  expect(told.turns).toEqual([])
})

test('a missing frame is a hole of its channel, from the last frame that nothing is missing before', () => {
  const { trade, quote } = lookout()
  trade(1, 40)
  quote(50)
  expect(trade(3, 60)).toMatchObject({
    frame: { tradeId: 't3' },
    turns: [lost('trade', 40), resumed('trade', 60)],
  })
  expect(trade(4, 70).turns).toEqual([])
})

test('a frame that cannot be read is a hole of its channel', () => {
  const { trade } = lookout()
  trade(1, 40)
  const bad = trade(2, 50, { count_fp: 'x' })
  expect(bad).toMatchObject({ frame: null, turns: [lost('trade', 40), resumed('trade', 50)] })
})

test('a repeated frame is not handed on twice; repeats without end condemn the connection', () => {
  const { trade } = lookout()
  trade(1, 40)
  const repeats = Array.from({ length: 100 }, () => trade(1, 50))
  expect(repeats.every(({ frame }) => frame === null)).toBe(true)
  expect(must(repeats[98]).dead).toBeNull()
  expect(must(repeats[99]).dead).not.toBeNull()
})

test.each([10, 25])('error %d ends one channel, which is then missing', (code) => {
  const { it, trade, hear } = lookout()
  trade(1, 40)
  const over = hear({ type: 'error', sid: 1, seq: 2, msg: { code, msg: 'x' } }, 50)
  expect(over.turns).toEqual([lost('trade', 40)])
  expect(it.missing).toEqual(['trade'])
  expect(trade(3, 60).frame).toBeNull()
})

test('when the connection is lost, every channel is, from its own last frame', () => {
  const { it, trade } = lookout()
  trade(1, 40)
  expect(it.lose()).toEqual([
    lost('trade', 40),
    lost('ticker', 20),
    lost('market_lifecycle_v2', 30),
  ])
  expect(it.lose()).toEqual([])
})

test('text without a readable sid condemns the connection', () => {
  expect(lookout().it.frame(decodeFrame('{'), us(50)).dead).not.toBeNull()
})
