import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import {
  type Holding,
  isCombo,
  type MarketState,
  nextTurn,
  type Plan,
  phaseOf,
  planOf,
  statusAt,
} from '#core/market-life'
import type { Ticker } from '#core/ticker'
import { us } from './arbitraries.ts'

const SECOND = 1_000_000
const at = (seconds: number) => us(seconds * SECOND)

const state = (over: Partial<MarketState>): MarketState => ({
  ticker: 'M' as Ticker,
  event: 'E',
  series: null,
  status: 'active',
  open: at(100),
  close: at(200),
  result: null,
  value: null,
  grid: null,
  volume: 0,
  told: null,
  ...over,
})

test.each([
  ['initialized', 97, 'early'],
  ['initialized', 98, 'open'],
  ['active', 150, 'open'],
  ['inactive', 150, 'open'],
  ['closed', 250, 'draining'],
  ['determined', 250, 'draining'],
  ['disputed', 250, 'draining'],
  ['amended', 250, 'draining'],
  ['finalized', 250, 'over'],
  ['a word of tomorrow', 150, 'open'],
])('%s at second %d is %s', (status, second, phase) => {
  expect(phaseOf(state({ status }), at(second))).toBe(phase)
})

test('a market that is not told when it opens is early', () => {
  expect(phaseOf(state({ status: 'initialized', open: null }), at(150))).toBe('early')
})

const fresh: Holding = { phase: 'open', selected: true, followed: false, logOpen: false }
test.each<[string, Partial<Holding>, Plan]>([
  ['an open one is followed', {}, 'follow'],
  ['once', { followed: true, logOpen: true }, 'leave'],
  ['an early one is left', { phase: 'early' }, 'leave'],
  ['one that empties goes on', { phase: 'draining', logOpen: true }, 'follow'],
  ['but is not begun', { phase: 'draining' }, 'leave'],
  ['one that is over ends', { phase: 'over', followed: true, logOpen: true }, 'settle'],
  ['also when only an earlier epoch had it', { phase: 'over', logOpen: true }, 'settle'],
  ['also when it never sent a book', { phase: 'over', followed: true }, 'settle'],
  [
    'over and de-selected, it is settled',
    { phase: 'over', selected: false, logOpen: true },
    'settle',
  ],
  ['one that never began is left', { phase: 'over' }, 'leave'],
  ['a de-selected one ends', { selected: false, followed: true, logOpen: true }, 'deselect'],
  ['also when only an earlier epoch had it', { selected: false, logOpen: true }, 'deselect'],
  ['one that was never selected is left', { selected: false }, 'leave'],
  ['before the ranking nothing begins', { selected: null }, 'leave'],
  ['nor ends', { selected: null, followed: true, logOpen: true }, 'leave'],
])('%s', (_, over, plan) => {
  expect(planOf({ ...fresh, ...over })).toBe(plan)
})

test.each([
  ['initialized', 99, 'initialized'],
  ['initialized', 100, 'active'],
  ['initialized', 200, 'closed'],
  ['active', 199, 'active'],
  ['active', 200, 'closed'],
  ['inactive', 201, 'closed'],
  ['determined', 150, 'determined'],
  ['finalized', 150, 'finalized'],
])('%s means at second %d: %s', (status, second, means) => {
  expect(statusAt(status, at(100), at(200), at(second))).toBe(means)
})

test('a market without a closing time never closes by the clock', () => {
  expect(statusAt('active', null, null, at(1e6))).toBe('active')
})

test('the clock turns a market shortly before it opens, when it opens and when it closes', () => {
  const early = state({ status: 'initialized' })
  expect(nextTurn(early, at(0))).toBe(at(98))
  expect(nextTurn(early, at(98))).toBe(at(100))
  expect(nextTurn(early, at(100))).toBeNull()
  expect(nextTurn(state({}), at(150))).toBe(at(200))
  expect(nextTurn(state({}), at(200))).toBeNull()
  expect(nextTurn(state({ close: null }), at(150))).toBeNull()
  expect(nextTurn(state({ status: 'closed' }), 0 as Micros)).toBeNull()
})

test('combos are told by their tickers', () => {
  expect(isCombo('KXMVECROSS-S2027-1')).toBe(true)
  expect(isCombo('KXMV-1')).toBe(false)
})
