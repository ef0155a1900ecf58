import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Book } from '#core/book'
import type { SizeChange } from '#core/size'
import { anyLadders, anySide, fewLadders, fewPrices, levels, must, price } from './arbitraries.ts'
import { plain } from './plain-book.ts'

const of = (hundredths: number) => hundredths as SizeChange
const P = price(420_000)

test('ladders come best first, whatever order they were given in', () => {
  const book = must(Book.of({ yes: levels([100, 1], [999_900, 2], [420_000, 3]), no: [] }))
  expect(book.side('yes')).toEqual(levels([999_900, 2], [420_000, 3], [100, 1]))
  expect(book.side('no')).toEqual([])
})

test('a price twice on one side, or an empty level, is no book', () => {
  expect(Book.of({ yes: levels([100, 1], [100, 2]), no: [] })).toBeNull()
  expect(Book.of({ yes: [], no: levels([100, 0]) })).toBeNull()
  expect(Book.of({ yes: levels([100, 1]), no: levels([100, 1]) })).not.toBeNull()
})

test('a change makes a level, moves it and takes it away', () => {
  const book = must(Book.of({ yes: [], no: [] }))
  expect(book.apply('yes', P, of(300))).toBe(300)
  expect(book.apply('yes', P, of(-100))).toBe(200)
  expect(book.side('yes')).toEqual(levels([420_000, 200]))
  expect(book.apply('yes', P, of(-200))).toBe(0)
  expect(book.ladders()).toEqual({ yes: [], no: [] })
})

test('ladders that were handed out are not changed by later changes', () => {
  const book = must(Book.of({ yes: levels([420_000, 5]), no: [] }))
  const before = book.ladders()
  book.apply('yes', P, of(-5))
  expect(before).toEqual({ yes: levels([420_000, 5]), no: [] })
})

test('a book shares nothing with the levels it was made of', () => {
  const yes = levels([420_000, 5])
  const book = must(Book.of({ yes, no: [] }))
  yes.pop()
  expect(book.side('yes')).toEqual(levels([420_000, 5]))
})

test('invariant 3: a change below zero, or to what cannot be counted, changes nothing', () => {
  const change = fc.oneof(fc.integer({ min: -600, max: 600 }), fc.constantFrom(9e15, -9e15, 0.5))
  const refused = { times: 0 }
  fc.assert(
    fc.property(anyLadders, anySide, fewPrices, change, (ladders, side, p, hundredths) => {
      const book = must(Book.of(ladders))
      const before = plain(ladders)
      const was = before.get(`${side} ${p}`) ?? 0
      const now = was + hundredths
      const possible = Number.isInteger(now) && now >= 0 && now < 10 ** 15
      if (!possible) refused.times += 1
      expect(book.apply(side, p, of(hundredths))).toBe(possible ? now : null)
      if (!possible) expect(plain(book.ladders())).toEqual(before)
    }),
  )
  expect(refused.times).toBeGreaterThan(0)
})

test('invariant 1: after any changes the book is the plain sum of them, level by level', () => {
  const changes = fc.array(fc.tuple(anySide, fewPrices, fc.integer({ min: -300, max: 300 })))
  fc.assert(
    fc.property(fewLadders, changes, (ladders, all) => {
      const book = must(Book.of(ladders))
      const truth = new Map(plain(ladders))
      for (const [side, p, hundredths] of all) {
        const key = `${side} ${p}`
        const sum = (truth.get(key) ?? 0) + hundredths
        if (book.apply(side, p, of(hundredths)) === null) continue
        if (sum === 0) truth.delete(key)
        else truth.set(key, sum)
        const after = book.ladders()
        expect(plain(after)).toEqual(truth)
        const prices = after.yes.map(([at]) => at)
        expect(prices).toEqual([...prices].sort((a, b) => b - a))
      }
    }),
  )
})
