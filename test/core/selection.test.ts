import { expect, test } from 'vitest'
import { parseSelection, type Ranked, type Selectable, selects, topOf } from '#core/selection'
import type { Ticker } from '#core/ticker'

const game: Selectable = {
  ticker: 'KXMLBGAME-26AUG07NYMPIT-NYM' as Ticker,
  event: 'KXMLBGAME-26AUG07NYMPIT',
  series: 'KXMLBGAME',
}
const gold: Selectable = {
  ticker: 'KXGOLDH-26AUG2711-T4615.99' as Ticker,
  event: 'KXGOLDH-26AUG2711',
  series: 'KXGOLDH',
}

function selected(text: string, market: Selectable): boolean | null {
  const read = parseSelection(text)
  if (!read.ok) throw new Error(read.problem)
  return selects(read.selection, market)
}

test.each([
  ['all', true, true],
  ['KXMLBGAME', true, false],
  ['KXMLB*', true, false],
  ['KXGOLDH-26AUG2711', false, true],
  ['KXGOLDH-26AUG2711-T4615.99', false, true],
  ['KXGOLDH-26AUG2711-T4615x99', false, false],
  ['KXGOLDH-26AUG2711-T4615.9', false, false],
  ['*-NYM, KXGOLD*', true, true],
  ['MLB', false, false],
  ['*MLB*', true, false],
  ['top:3', null, null],
])('SELECT=%s', (text, isGame, isGold) => {
  expect(selected(text, game)).toBe(isGame)
  expect(selected(text, gold)).toBe(isGold)
})

test('a series glob says nothing of a market whose series is not known yet', () => {
  const unplaced = { ...game, ticker: 'OTHER-1' as Ticker, event: 'OTHER', series: null }
  expect(selected('KXMLBGAME', unplaced)).toBe(false)
  expect(selected('KXMLBGAME', { ...unplaced, series: 'KXMLBGAME' })).toBe(true)
})

test.each(['', 'KX A', 'KX,,KY', 'top:0', 'top:', 'top:-1', 'KX[A]', 'KX?'])(
  '%j is refused with a reason',
  (text) => {
    const read = parseSelection(text)
    expect(read.ok).toBe(false)
    expect(read.ok ? '' : read.problem).toMatch(/must/)
  },
)

const ranked = (volumes: Record<string, number>): Ranked[] =>
  Object.entries(volumes).map(([ticker, volume]) => ({ ticker: ticker as Ticker, volume }))
const held = (...tickers: string[]) => new Set(tickers as Ticker[])

test('the top are those of the greatest volume, by ticker where that is the same', () => {
  const markets = ranked({ A: 1, B: 9, C: 5, D: 5, E: 0 })
  expect([...topOf(3, markets, held())].sort()).toEqual(['B', 'C', 'D'])
  expect([...topOf(2, markets, held())].sort()).toEqual(['B', 'C'])
  expect(topOf(9, markets, held()).size).toBe(5)
})

test('about the last place those that are held stay, but who stands well inside is let in', () => {
  const volumes = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`M${String(i).padStart(2, '0')}`, 100 - i]),
  )
  // Ten of them, a band of two: places 8 to 11 are about the last.
  const now = topOf(10, ranked(volumes), held('M10', 'M11', 'M19'))
  expect(now.has('M10' as Ticker) && now.has('M11' as Ticker)).toBe(true)
  expect(now.has('M08' as Ticker) || now.has('M09' as Ticker) || now.has('M19' as Ticker)).toBe(
    false,
  )
  const risen = topOf(10, ranked({ ...volumes, M19: 1000 }), now)
  expect(risen.has('M19' as Ticker)).toBe(true)
  expect(risen.size).toBe(10)
  expect([...topOf(10, ranked(volumes), now)].sort()).toEqual([...now].sort())
})

test('with but one place the greatest has it, whoever held it', () => {
  expect([...topOf(1, ranked({ A: 1, B: 2 }), held('A'))]).toEqual(['B'])
})
