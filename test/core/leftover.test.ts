import { expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import { Leftover } from '#core/leftover'
import type { BookRecord, Epoch } from '#core/log'
import { seqOf } from '#core/log'
import type { Ticker } from '#core/ticker'

const [A, B] = ['KXA', 'KXB'] as Ticker[] as [Ticker, Ticker]
const FIVE = 5 as Epoch
const at = (us: number) => us as Micros
const record = (market: Ticker, n: number, epoch = FIVE): Entry => ({
  kind: 'record',
  market,
  record: {
    kind: 'snapshot',
    seq: seqOf(epoch, n),
    recv: at(1000 + n),
    event: null,
    reason: 'exchange',
    yes: [],
    no: [],
  } satisfies BookRecord,
})
const mark = (through: number, epoch = FIVE): Entry => ({
  kind: 'mark',
  mark: { epoch, through: at(through), alive: [] },
})

function leftover(tails: [Ticker, number | null, number | null][], epochs = [4, 5, 6]): Leftover {
  const made = new Leftover(new Set(epochs as Epoch[]))
  for (const [market, n, taken] of tails) {
    made.tail(market, { seq: n === null ? null : seqOf(FIVE, n), taken: taken as Micros | null })
  }
  return made
}

test('what follows the stored log goes in, what is there already does not', () => {
  const left = leftover([[A, 2, null]])
  const [, , third, fourth] = [1, 2, 3, 4].map((n) => record(A, n))
  expect(left.readable([1, 2, 3, 4].map((n) => record(A, n)))).toEqual([third, fourth])
  expect([left.refused, left.broken]).toEqual([0, []])
})

test('a market that the store does not know begins with its first record', () => {
  const left = leftover([
    [A, null, null],
    [B, null, null],
  ])
  expect(left.readable([record(A, 0), record(B, 1), record(B, 2)])).toEqual([record(A, 0)])
  expect([left.refused, left.broken]).toEqual([2, [B]])
})

test('a hole ends a market, for good', () => {
  const left = leftover([[A, 2, null]])
  expect(left.readable([record(A, 4), record(A, 3)])).toEqual([])
  expect(left.broken).toEqual([A])
})

test('only the gap of whoever took over is filled: nothing beyond its beginning in their log', () => {
  const left = leftover([[A, 2, 1004]])
  expect(left.readable([3, 4, 5, 6].map((n) => record(A, n)))).toEqual([record(A, 3), record(A, 4)])
  expect([left.refused, left.broken]).toEqual([0, []])
})

test('a store restored from before the epoch takes neither its records nor its marks', () => {
  const left = leftover([[A, null, null]], [3, 4])
  expect(left.readable([record(A, 0), mark(2000)])).toEqual([])
  expect([left.through, left.broken]).toEqual([null, [A]])
})

test('after a part that could not be read nothing follows, and no mark holds', () => {
  const left = leftover([[A, 2, null]])
  expect(left.readable([record(A, 3), mark(1500)])).toHaveLength(2)
  left.lost()
  expect(left.readable([record(A, 4), mark(1900)])).toEqual([])
  expect(left.through?.through).toBe(1500)
})

test('it says which tails it needs, and of which epoch', () => {
  const left = leftover([[A, 2, null]])
  const entries = [record(A, 3), record(B, 0), record(B, 1)]
  expect([...left.unknown(entries)]).toEqual([B])
  expect(Leftover.epoch(entries)).toBe(5)
  expect(Leftover.epoch([mark(1, 6 as Epoch)])).toBe(6)
  expect(Leftover.epoch([])).toBeNull()
  expect(() => left.readable(entries)).toThrow('never read')
})
