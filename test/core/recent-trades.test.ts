import { expect, test } from 'vitest'
import { RecentTrades } from '#core/recent-trades'
import { TRADE_LATE_US } from '#core/trade-holes'
import type { WireTrade } from '#core/wire/trade'
import { must } from './arbitraries.ts'

const START = 1_795_280_400_000_000

function trade(market: string, id: number, event_us = START + TRADE_LATE_US + id): WireTrade {
  return {
    type: 'trade',
    trade_id: `t${id}`,
    market,
    price: '0.4200',
    size: '1.00',
    taker: 'yes',
    block: false,
    event_us,
    recv_us: event_us + 5,
    source: 'stream',
  }
}

function following(most: number, ...markets: string[]): RecentTrades {
  const recent = new RecentTrades(most)
  for (const market of markets) recent.follow(market, START)
  return recent
}

const after = (recent: RecentTrades, market: string, us: number) =>
  must(recent.after([market], us).get(market))
const ids = (trades: readonly WireTrade[]) => trades.map(({ trade_id }) => trade_id)

test('a trade is news once, by market and id', () => {
  const recent = following(10, 'A', 'B')
  expect(ids(recent.take([trade('A', 1), trade('A', 2), trade('A', 1)]))).toEqual(['t1', 't2'])
  expect(ids(recent.take([trade('A', 2), trade('B', 2), trade('A', 3)]))).toEqual(['t2', 't3'])
})

test('what came after a moment is given, with from when on it is all that there was', () => {
  const recent = following(10, 'A', 'B')
  recent.take([trade('A', 1), trade('B', 2), trade('A', 3)])
  const since = START + TRADE_LATE_US + 1
  expect(after(recent, 'A', since)).toEqual({
    trades: [trade('A', 3)],
    whole: START + TRADE_LATE_US,
  })
  expect(ids(after(recent, 'A', 0).trades)).toEqual(['t1', 't3'])
  expect(after(recent, 'C', 0)).toEqual({ trades: [], whole: null })
})

test('the oldest trades go first, and of their markets no more is whole than what came later', () => {
  const recent = following(3, 'A', 'B')
  recent.take([trade('A', 1), trade('B', 2), trade('A', 3), trade('A', 4)])
  expect(after(recent, 'A', 0)).toEqual({
    trades: [trade('A', 3), trade('A', 4)],
    whole: trade('A', 1).event_us,
  })
  expect(after(recent, 'B', 0).whole).toBe(START + TRADE_LATE_US)
  // One that is fetched later is older than what is whole already.
  recent.take([trade('B', 5, START), trade('B', 6), trade('B', 7), trade('B', 8)])
  expect(after(recent, 'B', 0).whole).toBe(trade('B', 2).event_us)
})

test('where trades are missing nothing is whole before they come again', () => {
  const recent = following(10, 'A', 'B')
  recent.take([trade('A', 1)])
  recent.lose(null)
  expect(after(recent, 'A', 0).whole).toBeNull()
  const again = START + 60_000_000
  recent.lose(again)
  expect(after(recent, 'A', 0).whole).toBe(again + TRADE_LATE_US)
  recent.lose(again + 1, (market) => market === 'B')
  expect(after(recent, 'B', 0).whole).toBe(again + 1 + TRADE_LATE_US)
  recent.lose(START)
  expect(after(recent, 'A', 0).whole).toBe(again + TRADE_LATE_US)
})

test('a market that is followed again begins anew, one that is followed still does not', () => {
  const recent = following(10, 'A')
  recent.follow('A', START + 5)
  expect(after(recent, 'A', 0).whole).toBe(START + TRADE_LATE_US)
  recent.take([trade('A', 1)])
  recent.forget('A')
  expect(after(recent, 'A', 0).whole).toBeNull()
  recent.follow('A', START + 9)
  expect(after(recent, 'A', 0).whole).toBe(START + 9 + TRADE_LATE_US)
  expect(recent.take([trade('A', 1)])).toEqual([])
})
