import { expect, test } from 'vitest'
import type { MarketChange } from '#core/market-change'
import type { MarketState } from '#core/market-life'
import { standingOf } from '#core/market-standing'
import type { Ticker } from '#core/ticker'
import { us } from './arbitraries.ts'

const ACTIVE: MarketState = {
  ...{ ticker: 'M' as Ticker, event: 'E', series: 'S', status: 'active', volume: 0 },
  ...{ open: null, close: null, result: null, value: null, grid: null, told: null },
}

function change(kind: MarketChange['kind'], at: number | null): MarketChange {
  const more = { detail: {}, source: 'stream' } as const
  return {
    market: ACTIVE.ticker,
    event: null,
    kind,
    at: at === null ? null : us(at),
    recv: us(9),
    ...more,
  }
}

test('a market that was not known is listed, and stands where it stands', () => {
  expect(standingOf(null, ACTIVE, [], us(5))).toEqual({
    ...{ state: ACTIVE, listedAnew: true, turned: true, event: null, recv: 5 },
  })
})

test('what says nothing of its place, status or outcome is no news', () => {
  const same = { ...ACTIVE, volume: 7, close: us(100), value: null }
  expect(standingOf(ACTIVE, same, [change('close_date_updated', 4)], us(5))).toBeNull()
  const paid = { ...ACTIVE, value: '1.0000' }
  expect(standingOf(paid, { ...paid, value: '1.00' }, [], us(5))).toBeNull()
})

test('a new status bears the time that the exchange gives it', () => {
  const after = { ...ACTIVE, status: 'closed' }
  const changes = [change('closed', 4), change('close_date_updated', 6)]
  expect(standingOf(ACTIVE, after, changes, us(10))).toMatchObject({
    ...{ listedAnew: true, turned: true, event: 4, recv: 9 },
  })
})

test('a result alone turns a market and moves no listing; a series alone moves its listing', () => {
  const determined = { ...ACTIVE, status: 'determined', result: 'yes', value: '1.0000' }
  const amended = { ...determined, result: 'no', value: '0.0000' }
  expect(standingOf(determined, amended, [change('determined', 4)], us(10))).toMatchObject({
    ...{ listedAnew: false, turned: true, event: 4 },
  })
  expect(standingOf(ACTIVE, { ...ACTIVE, series: 'T' }, [], us(10))).toMatchObject({
    ...{ listedAnew: true, turned: false, event: null, recv: 10 },
  })
})
