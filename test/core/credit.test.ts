import { expect, test } from 'vitest'
import { pageCredits, streamCredits } from '#core/credit'

test('rows are one credit for each thousand or part, as a page and as a stream', () => {
  const counts = [0, 1, 999, 1000, 1001, 10_000]
  expect(counts.map((rows) => pageCredits('rows', rows))).toEqual([0, 1, 1, 1, 2, 10])
  expect(counts.map((rows) => streamCredits('rows', rows))).toEqual([0, 1, 1, 1, 2, 10])
})

test('metadata is one credit a page, and a stream of it one for each thousand or part', () => {
  expect([pageCredits('page', 0), pageCredits('page', 10_000)]).toEqual([1, 1])
  expect([0, 1000, 1001].map((rows) => streamCredits('page', rows))).toEqual([1, 1, 2])
})

test('what is free costs nothing, however much it is', () => {
  expect([pageCredits('free', 10_000), streamCredits('free', 10_000)]).toEqual([0, 0])
})
