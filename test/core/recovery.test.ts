import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { Recovery } from '#core/recovery'
import type { Ticker } from '#core/ticker'

const A = 'A' as Ticker
const B = 'B' as Ticker
const at = (ms: number) => (ms * 1000) as Micros

test('a book is asked for once, however many bad frames come', () => {
  const recovery = new Recovery(1000)
  expect(recovery.stale([A, B], at(0))).toEqual([A, B])
  expect(recovery.stale([A, B], at(1))).toEqual([])
  recovery.known(A)
  expect(recovery.stale([A, B], at(2))).toEqual([A])
})

test('an answer that is late is asked for again, and the third late one gives the connection up', () => {
  const recovery = new Recovery(1000)
  recovery.stale([A], at(0))
  expect(recovery.look(at(900))).toEqual({ kind: 'ask', markets: [] })
  expect(recovery.look(at(1001))).toEqual({ kind: 'ask', markets: [A] })
  expect(recovery.look(at(2002))).toEqual({ kind: 'ask', markets: [A] })
  expect(recovery.look(at(3003))).toEqual({ kind: 'give_up' })
})

test('a subscription that brings no snapshot is asked for it', () => {
  const recovery = new Recovery(1000)
  recovery.subscribed([A, B], at(0))
  recovery.known(B)
  expect(recovery.look(at(1001))).toEqual({ kind: 'ask', markets: [A] })
})
