import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TradeHole } from '#core/entry'
import { rangeOf, TradeRefill } from '#core/trade-refill'
import { must, us } from './arbitraries.ts'

const S = 1_000_000
const at = (seconds: number) => us(seconds * S)

test('a hole is told when the channel is lost, closed when it is back, and filled when REST gave all of it', () => {
  const refill = new TradeRefill([])
  expect(refill.lost(at(100))).toEqual({ from: at(100), to: null, filled: null })
  expect(refill.next()).toBe(null)
  expect(refill.resumed(at(130))).toEqual({ from: at(100), to: at(130), filled: null })
  const hole = must(refill.next())
  expect(refill.filled(hole, at(140))).toEqual({ from: at(100), to: at(130), filled: at(140) })
  expect(refill.holes).toEqual([])
})

test('a channel that is lost twice, or comes back without having been away, changes nothing', () => {
  const refill = new TradeRefill([])
  expect(refill.resumed(at(50))).toBe(null)
  refill.lost(at(100))
  expect(refill.lost(at(110))).toBe(null)
  refill.resumed(at(120))
  expect(refill.resumed(at(125))).toBe(null)
})

test('a loss soon after a hole that is not filled makes it longer, and what was fetched of it is not enough', () => {
  const refill = new TradeRefill([])
  refill.lost(at(100))
  refill.resumed(at(110))
  const hole = must(refill.next())
  expect(refill.lost(at(150))).toEqual({ from: at(100), to: null, filled: null })
  expect(refill.filled(hole, at(151))).toBe(null)
  expect(refill.resumed(at(160))).toEqual({ from: at(100), to: at(160), filled: null })
  expect(refill.holes).toHaveLength(1)
})

test('holes that the store held open are filled first, and one that was open goes on', () => {
  const stored: TradeHole[] = [
    { from: at(10), to: at(20), filled: null },
    { from: at(1000), to: null, filled: null },
  ]
  const refill = new TradeRefill(stored)
  expect(refill.lost(at(1500))).toBe(null)
  expect(refill.next()).toEqual(stored[0])
  expect(refill.resumed(at(2000))).toEqual({ from: at(1000), to: at(2000), filled: null })
})

test('a hole never begins where another began, so that each has a name of its own', () => {
  const refill = new TradeRefill([])
  refill.lost(at(100))
  refill.resumed(at(100))
  refill.filled(must(refill.next()), at(110))
  expect(refill.lost(at(100))?.from).toBe(at(100) + 1)
})

test('asking covers the hole in whole seconds with a margin on both sides', () => {
  expect(rangeOf({ from: us(100_900_000), to: us(130_100_000) }, 5 * S)).toEqual({
    minTs: 95,
    maxTs: 136,
  })
  expect(rangeOf({ from: us(0), to: us(0) }, 5 * S)).toEqual({ minTs: 0, maxTs: 5 })
})

type Step = { later: number; what: 'lost' | 'resumed' | 'filled' }
const steps = fc.array(
  fc.record({
    later: fc.integer({ min: 1, max: 200 }),
    what: fc.constantFrom<Step['what']>('lost', 'resumed', 'filled'),
  }),
  { maxLength: 200, size: 'max' },
)

test('whatever happens, every moment of an absence lies in a hole until that hole is filled', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const refill = new TradeRefill([])
      const store = new Map<number, TradeHole>()
      const keep = (hole: TradeHole | null) => hole && store.set(hole.from, hole)
      let now = 1000
      let away: number | null = null
      const absences: [number, number][] = []
      for (const { later, what } of all) {
        now += later
        if (what === 'lost') {
          keep(refill.lost(at(now)))
          away ??= now
        }
        if (what === 'resumed') {
          keep(refill.resumed(at(now)))
          if (away !== null) absences.push([away, now])
          away = null
        }
        const next = what === 'filled' ? refill.next() : null
        if (next !== null) keep(refill.filled(next, at(now)))
      }
      if (away !== null) absences.push([away, now])
      for (const [from, to] of absences) {
        const covered = [...store.values()].some(
          (hole) => hole.from <= from * S + 1 && (hole.to === null || hole.to >= to * S),
        )
        expect(covered).toBe(true)
      }
      const unfilled = [...store.values()].filter(({ filled }) => filled === null)
      expect(refill.holes).toEqual(unfilled.sort((a, b) => a.from - b.from))
      expect(refill.holes.length).toBeLessThanOrEqual(64)
    }),
  )
})
