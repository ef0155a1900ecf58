import { expect, test } from 'vitest'
import { daysDue } from '#core/days-due'
import type { Micros } from '#core/instant'

const MINUTE = 60_000_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const TODAY = (20_780 * DAY) as Micros
const day = (back: number) => (TODAY - back * DAY) as Micros
const at = (us: number) => (TODAY + us) as Micros
/** @param told each day with when it was counted, and how far the record was complete then: as far, when absent */
const due = (
  nowUs: Micros,
  told: readonly (readonly [Micros, Micros, Micros?])[],
  firstUs: Micros | null,
  reopened = false,
) => {
  const days = told.map(
    ([each, toldUs, throughUs = toldUs]) => [each, { toldUs, throughUs, reopened }] as const,
  )
  return daysDue(nowUs, firstUs, new Map(days), 90)
}

test('before the first log there is nothing to count', () => {
  expect(due(at(HOUR), [], null)).toEqual([])
})

test('days since the first log are counted, the newest first, and so many at most', () => {
  expect(due(at(HOUR), [], (day(2) + 5 * HOUR) as Micros)).toEqual([day(0), day(1), day(2)])
  expect(due(at(HOUR), [], day(1000)).length).toBe(90)
})

test('today is counted again after 15 minutes, also by a run that comes a little early', () => {
  const told = (us: number) => [[day(0), at(us)]] as const
  expect(due(at(5 * HOUR), told(5 * HOUR - 14 * MINUTE), day(0))).toEqual([])
  expect(due(at(5 * HOUR), told(5 * HOUR - 14.9 * MINUTE), day(0))).toEqual([day(0)])
  expect(due(at(5 * HOUR), told(5 * HOUR + 9), day(0))).toEqual([])
})

test('a day that has just ended is counted until its records are sealed, and never again', () => {
  const today = [day(0), at(5 * HOUR)] as const
  const told = (us: number) => [today, [day(1), at(us)]] as const
  expect(due(at(5 * HOUR), told(-10 * MINUTE), day(1))).toEqual([day(1)])
  expect(due(at(5 * HOUR), told(1.9 * HOUR), day(1))).toEqual([day(1)])
  expect(due(at(5 * HOUR), told(2 * HOUR), day(1))).toEqual([])
})

test('a day of which the record ends before it does is counted until a collector has told what it missed', () => {
  const today = [day(0), at(5 * HOUR)] as const
  const yesterday = [day(1), at(4 * HOUR), at(-3 * HOUR)] as const
  expect(due(at(5 * HOUR), [today, yesterday], day(1))).toEqual([day(1)])
  expect(due(at(5 * HOUR), [today, [day(1), at(4 * HOUR), at(0)]], day(1))).toEqual([])
})

test('a day that was counted before its end is counted at its end, and one that a gap reaches back into again', () => {
  const told = [
    [day(0), at(0)],
    [day(1), at(-MINUTE)],
  ] as const
  expect(due(at(0), told, day(1))).toEqual([day(1)])
  expect(due(at(-0.5 * MINUTE), [[day(1), at(-MINUTE)]], day(1))).toEqual([])
  const settled = [[day(1), at(3 * HOUR)]] as const
  expect(due(at(5 * HOUR), [[day(0), at(5 * HOUR)], ...settled], day(1))).toEqual([])
  expect(due(at(5 * HOUR), settled, day(1), true)).toEqual([day(0), day(1)])
})
