import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CANDLE_INTERVALS, type CandleParts, candlesOf, gapSeconds } from '#core/candle'
import type { Trade } from '#core/trade'
import { sumTrades, vwapOf, widenSums } from '#core/trade-sums'
import { anyPrice, anySide, levels, must, price, size, ticker, us } from './arbitraries.ts'

const MINUTE = 60_000_000
/** 2026-11-21T00:00Z. */
const DAY = 1_795_219_200_000_000

function trade(atUs: number, yes: number, count: number, over: Partial<Trade> = {}): Trade {
  return {
    market: ticker('KXRAIN-26NOV22-A'),
    tradeId: `t${atUs}`,
    price: price(yes),
    size: size(count),
    taker: 'yes',
    block: false,
    event: us(DAY + atUs),
    recv: us(DAY + atUs + 100),
    source: 'stream',
    ...over,
  }
}

const quote = (minute: number, bid: number | null, gapUs = 0) => ({
  market: ticker('KXRAIN-26NOV22-A'),
  start: us(DAY + minute * MINUTE),
  bid: bid === null ? null : must(levels([bid, 100])[0]),
  ask: must(levels([990_000, 100])[0]),
  openInterest: size(1000 + minute),
  gapUs,
})

const NOTHING: CandleParts = { sums: new Map(), quotes: [], before: null, gaps: [] }

test('a bucket holds the trades from its start to before its end, and the first and last are its open and close', () => {
  const trades = [
    trade(0, 400_000, 100),
    trade(10, 600_000, 100),
    trade(MINUTE - 1000, 300_000, 200),
    trade(MINUTE, 500_000, 100),
  ]
  const sums = sumTrades(trades, MINUTE, 'exclude')
  const [first, second, ...none] = candlesOf({ ...NOTHING, sums }, MINUTE)
  expect(first).toEqual({
    start: DAY,
    open: 400_000,
    high: 600_000,
    low: 300_000,
    close: 300_000,
    volume: 400,
    trades: 3,
    vwap: 400_000,
    bid: null,
    ask: null,
    openInterest: null,
    gapUs: 0,
  })
  expect(second).toMatchObject({ start: DAY + MINUTE, open: 500_000, trades: 1 })
  expect(none).toEqual([])
})

test('a block trade counts only when it is asked for', () => {
  const trades = [trade(0, 400_000, 100), trade(5, 900_000, 5000, { block: true })]
  const high = (blocks: 'include' | 'exclude') =>
    candlesOf({ ...NOTHING, sums: sumTrades(trades, MINUTE, blocks) }, MINUTE)[0]?.high
  expect(high('exclude')).toBe(400_000)
  expect(high('include')).toBe(900_000)
})

test('vwap is the nearest millionth, halves up, and exact beyond 2⁵³', () => {
  const vwap = (...trades: Trade[]) => {
    const [sums] = sumTrades(trades, MINUTE, 'exclude').values()
    return vwapOf(must(sums))
  }
  expect(vwap(trade(0, 400_000, 1), trade(1, 400_001, 1))).toBe(400_001)
  expect(vwap(trade(0, 400_000, 2), trade(1, 400_001, 1))).toBe(400_000)
  const huge = 900_000_000_000_000
  expect(vwap(trade(0, 999_999, huge), trade(1, 999_998, 1))).toBe(999_999)
  expect(vwap(trade(0, 500_000, 0))).toBe(null)
})

test('bid and ask are those of the bucket’s last quote minute, else those that still held from before', () => {
  const sums = sumTrades([trade(2 * MINUTE, 500_000, 100)], MINUTE, 'exclude')
  const quotes = [quote(0, 410_000), quote(1, 420_000), quote(7, null)]
  const one = candlesOf({ ...NOTHING, sums, quotes }, MINUTE)
  expect(one.map(({ bid, trades }) => [bid?.[0] ?? null, trades])).toEqual([
    [410_000, 0],
    [420_000, 0],
    [420_000, 1],
    [null, 0],
  ])
  const five = candlesOf({ ...NOTHING, quotes }, 5 * MINUTE)
  expect(five.map(({ start, bid }) => [start - DAY, bid?.[0] ?? null])).toEqual([
    [0, 420_000],
    [5 * MINUTE, null],
  ])
  const [before] = candlesOf({ ...NOTHING, sums, before: quote(-3, 390_000) }, MINUTE)
  expect(before?.bid?.[0]).toBe(390_000)
})

test('a gap over a bucket’s end leaves it without bid and ask, also when it was found later', () => {
  const quotes = [quote(0, 410_000), quote(1, 420_000)]
  const gaps = [{ from: us(DAY + MINUTE - 2_500_000), to: us(DAY + MINUTE + 1_000_000) }]
  const [first, second] = candlesOf({ ...NOTHING, quotes, gaps }, MINUTE)
  expect([first?.bid, first?.ask, first && gapSeconds(first)]).toEqual([null, null, 3])
  expect([second?.bid?.[0], second && gapSeconds(second)]).toEqual([420_000, 1])
  const open = [{ from: us(DAY + 30 * 1_000_000), to: null }]
  const [lasting] = candlesOf({ ...NOTHING, quotes, gaps: open }, MINUTE)
  expect(lasting).toMatchObject({ bid: null, gapUs: 30_000_000 })
})

test('gaps that overlap count once, and a minute that says more than the gaps is believed', () => {
  const gaps = [
    { from: us(DAY + 1_000_000), to: us(DAY + 4_000_000) },
    { from: us(DAY + 2_000_000), to: us(DAY + 5_000_000) },
  ]
  const gapUs = (told: number) =>
    candlesOf({ ...NOTHING, quotes: [quote(0, 410_000, told)], gaps }, MINUTE)[0]?.gapUs
  expect(gapUs(0)).toBe(4_000_000)
  expect(gapUs(7_000_000)).toBe(7_000_000)
})

test('buckets of every interval begin at UTC midnight', () => {
  for (const intervalUs of Object.values(CANDLE_INTERVALS)) {
    const sums = sumTrades([trade(1, 500_000, 100)], intervalUs, 'exclude')
    expect([...sums.keys()]).toEqual([DAY])
  }
})

const anyTrades = fc
  .array(
    fc.record({
      at: fc.nat(2 * 86_400_000),
      price: anyPrice,
      size: fc.integer({ min: 0, max: 10 ** 12 }),
      taker: anySide,
      block: fc.boolean(),
    }),
    { maxLength: 80 },
  )
  .map((all) =>
    all
      .sort((a, b) => a.at - b.at)
      .map(({ at, price: yes, size: count, taker, block }, i) =>
        trade(at * 1000, yes, count, { taker, block, tradeId: `t${i}` }),
      ),
  )

test('minutes folded into a larger interval are what the trades themselves fold into', () => {
  const intervals = fc.constantFrom(...Object.values(CANDLE_INTERVALS))
  const blocks = fc.constantFrom('include' as const, 'exclude' as const)
  fc.assert(
    fc.property(anyTrades, intervals, blocks, (trades, intervalUs, counted) => {
      const minutes = sumTrades(trades, MINUTE, counted)
      const direct = sumTrades(trades, intervalUs, counted)
      expect([...widenSums(minutes, intervalUs)]).toEqual([...direct])
      for (const { low, high, volume, ...sums } of direct.values()) {
        const vwap = vwapOf({ low, high, volume, ...sums })
        if (volume > 0) expect(vwap).toBeGreaterThanOrEqual(low)
        if (volume > 0) expect(vwap).toBeLessThanOrEqual(high)
      }
    }),
  )
})
