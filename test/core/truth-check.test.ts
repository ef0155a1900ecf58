import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import { TruthCheck, TruthSample } from '#core/truth-check'

const at = (us: number) => us as Micros
const [A, B, C, D] = ['A', 'B', 'C', 'D'] as Ticker[] as [Ticker, Ticker, Ticker, Ticker]

test('an answer equal to any state of the span is the same book, and says since when', () => {
  const check = new TruthCheck([[A, 1]], at(0))
  check.changed(A, 2, at(10))
  check.changed(A, 3, at(20))
  expect(check.judge(A, 1)).toEqual({ kind: 'same', at: 0 })
  expect(check.judge(A, 2)).toEqual({ kind: 'same', at: 10 })
  expect(check.judge(A, 3)).toEqual({ kind: 'same', at: 20 })
  expect(check.judge(A, 4)).toEqual({ kind: 'different' })
})

test('a book that came back to what it was may have been answered for before: it counts from when it first was so', () => {
  const check = new TruthCheck([[A, 1]], at(0))
  check.changed(A, 2, at(10))
  check.changed(A, 3, at(20))
  check.changed(A, 2, at(30))
  expect(check.judge(A, 2)).toEqual({ kind: 'same', at: 10 })
})

test('a book that was not known all the time is not called different', () => {
  const check = new TruthCheck([[A, 1]], at(0))
  check.changed(A, null, at(5))
  check.changed(A, 2, at(10))
  expect(check.judge(A, 9)).toEqual({ kind: 'unjudged' })
  expect(check.judge(A, 2)).toEqual({ kind: 'same', at: 10 })
})

test('a market that was not answered for, or not asked about, is not judged', () => {
  const check = new TruthCheck([[A, 1]], at(0))
  expect(check.judge(A, null)).toEqual({ kind: 'unjudged' })
  expect(check.judge(B, 1)).toEqual({ kind: 'unjudged' })
  expect([check.watches(A), check.watches(B)]).toEqual([true, false])
})

test('every market has its turn', () => {
  const sample = new TruthSample()
  const turns = [1, 2, 3].map(() => sample.next([D, C, B, A], 3))
  expect(turns).toEqual([
    [A, B, C],
    [D, A, B],
    [C, D, A],
  ])
})

test('a market that went is no obstacle', () => {
  const sample = new TruthSample()
  expect(sample.next([A, B, C], 2)).toEqual([A, B])
  expect(sample.next([A, D], 2)).toEqual([D, A])
  expect(sample.next([], 2)).toEqual([])
})

test('a book is wrong when it differs twice running, and is looked at again at once', () => {
  const sample = new TruthSample()
  sample.next([A, B, C, D], 2)
  expect(sample.told(B, 'different')).toBe(false)
  expect(sample.suspicious).toBe(true)
  expect(sample.next([A, B, C, D], 2)).toEqual([B, C])
  expect(sample.told(B, 'different')).toBe(true)
  expect(sample.suspicious).toBe(false)
})

test('a book that differed and is known no more is not waited for', () => {
  const sample = new TruthSample()
  sample.told(A, 'different')
  expect(sample.next([B], 2)).toEqual([B])
  expect(sample.suspicious).toBe(false)
})

test('a book that differed once and then not is not wrong; one that could not be judged waits', () => {
  const sample = new TruthSample()
  sample.told(B, 'different')
  expect(sample.told(B, 'unjudged')).toBe(false)
  expect(sample.suspicious).toBe(true)
  expect(sample.told(B, 'same')).toBe(false)
  expect(sample.suspicious).toBe(false)
  expect(sample.told(B, 'different')).toBe(false)
})

test('a book that began anew is judged anew', () => {
  const sample = new TruthSample()
  sample.told(B, 'different')
  sample.forget(B)
  expect(sample.suspicious).toBe(false)
  expect(sample.told(B, 'different')).toBe(false)
  expect(sample.told(B, 'different')).toBe(true)
})
