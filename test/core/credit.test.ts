import { expect, test } from 'vitest'
import { bookCredits, listCredits } from '#core/credit'

test('a book is one credit, rows one for each thousand or part, a page of metadata one', () => {
  expect(bookCredits(100)).toBe(100)
  const rows = [0, 1, 999, 1000, 1001, 10_000].map((count) => listCredits('rows', count))
  expect(rows).toEqual([0, 1, 1, 1, 2, 10])
  expect([listCredits('page', 0), listCredits('page', 10_000)]).toEqual([1, 1])
  expect(listCredits('free', 10_000)).toBe(0)
})
