import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  countWords,
  type FeedRun,
  fillRuns,
  foldIncidents,
  MINUTE_US,
  type MinuteWord,
} from '#core/feed-incidents'
import type { Micros } from '#core/instant'

const BEGIN = 1_795_000_020_000_000 as Micros
const at = (minute: number) => (BEGIN + minute * MINUTE_US) as Micros

const words = fc.array(
  fc.constantFrom<MinuteWord>('healthy', 'healthy', 'degraded', 'down', 'unknown'),
  { minLength: 1, maxLength: 60 },
)

/** The runs that a store would tell of these minutes: the unknown ones have no rows. */
function runsOf(minutes: readonly MinuteWord[]): FeedRun[] {
  const runs: FeedRun[] = []
  for (const [nth, word] of minutes.entries()) {
    const last = runs.at(-1)
    if (word === 'unknown') continue
    if (last?.word === word && last.toUs === at(nth)) {
      runs[runs.length - 1] = { ...last, toUs: at(nth + 1) }
    } else runs.push({ word, fromUs: at(nth), toUs: at(nth + 1) })
  }
  return runs
}

const span = (minutes: readonly unknown[]) => ({ fromUs: at(0), toUs: at(minutes.length) })

test('filled runs cover their stretch without a hole, each minute by its own word', () => {
  fc.assert(
    fc.property(words, (minutes) => {
      const filled = fillRuns(runsOf(minutes), span(minutes))
      const unrolled = filled.flatMap(({ word, fromUs, toUs }) =>
        Array.from({ length: (toUs - fromUs) / MINUTE_US }, () => word),
      )
      expect(unrolled).toEqual(minutes)
      expect(filled[0]?.fromUs).toBe(at(0))
      for (const [nth, { fromUs }] of filled.entries()) {
        if (nth > 0) expect(fromUs).toBe(filled[nth - 1]?.toUs)
      }
    }),
  )
})

test('incidents are the minutes that were not healthy, in rows that healthy ones part', () => {
  fc.assert(
    fc.property(words, (minutes) => {
      const incidents = foldIncidents(fillRuns(runsOf(minutes), span(minutes)))
      const told = new Set(
        incidents.flatMap(({ fromUs, toUs }) => {
          const end = toUs ?? at(minutes.length)
          return Array.from(
            { length: (end - fromUs) / MINUTE_US },
            (_, n) => fromUs + n * MINUTE_US,
          )
        }),
      )
      for (const [nth, word] of minutes.entries())
        expect(told.has(at(nth))).toBe(word !== 'healthy')
      for (const [nth, { fromUs }] of incidents.entries()) {
        if (nth > 0) expect(fromUs).toBeGreaterThan(incidents[nth - 1]?.toUs ?? fromUs)
      }
      const last = minutes.at(-1)
      expect(incidents.filter(({ toUs }) => toUs === null).length).toBe(last === 'healthy' ? 0 : 1)
      expect(incidents.every(({ minutes: { healthy } }) => healthy === 0)).toBe(true)
    }),
  )
})

test('an incident is named by its worst minute, and counts each word', () => {
  const minutes = [
    'unknown',
    'degraded',
    'down',
    'degraded',
    'healthy',
    'unknown',
    'degraded',
  ] as const
  const incidents = foldIncidents(fillRuns(runsOf([...minutes, 'healthy']), span([...minutes, 0])))
  expect(incidents).toEqual([
    {
      word: 'down',
      fromUs: at(0),
      toUs: at(4),
      minutes: { healthy: 0, degraded: 2, down: 1, unknown: 1 },
    },
    {
      word: 'degraded',
      fromUs: at(5),
      toUs: at(7),
      minutes: { healthy: 0, degraded: 1, down: 0, unknown: 1 },
    },
  ])
})

test('runs are cut to the stretch, and where there is none nothing is told', () => {
  const run: FeedRun = { word: 'down', fromUs: at(-10), toUs: at(10) }
  expect(fillRuns([run], { fromUs: at(0), toUs: at(2) })).toEqual([
    { word: 'down', fromUs: at(0), toUs: at(2) },
  ])
  expect(fillRuns([run], { fromUs: at(0), toUs: at(0) })).toEqual([])
  expect(foldIncidents([])).toEqual([])
  expect(countWords([run])).toEqual({ healthy: 0, degraded: 0, down: 20, unknown: 0 })
})
