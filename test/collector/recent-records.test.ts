import { expect, test } from 'vitest'
import type { Seq } from '#core/log'
import type { Ticker } from '#core/ticker'
import { RecentRecords } from '../../collector/recent-records.ts'

const A = 'A' as Ticker
const B = 'B' as Ticker
const seq = (n: number) => n as Seq

function held(recent: RecentRecords, market: Ticker, have: number): number[] | null {
  return recent.after(market, seq(have))?.map((record) => record.seq) ?? null
}

test('what follows a seq is given if its first record is still held, and of all markets no more than the bound', () => {
  const recent = new RecentRecords(10)
  for (let n = 0; n < 8; n += 1) recent.add(A, { seq: seq(n), text: '' })
  expect(held(recent, A, 2)).toEqual([3, 4, 5, 6, 7])
  expect(held(recent, A, 7)).toBeNull()
  for (let n = 0; n < 3; n += 1) recent.add(B, { seq: seq(n), text: '' })
  expect(held(recent, A, 3)).toBeNull()
  expect(held(recent, A, 4)).toEqual([5, 6, 7])
  expect(held(recent, B, 0)).toEqual([1, 2])
})

test('a market that is forgotten, and all after a clearing, have nothing', () => {
  const recent = new RecentRecords(10)
  for (const market of [A, B]) recent.add(market, { seq: seq(1), text: '' })
  recent.forget(A)
  expect([held(recent, A, 0), held(recent, B, 0)]).toEqual([null, [1]])
  recent.clear()
  expect(held(recent, B, 0)).toBeNull()
})
