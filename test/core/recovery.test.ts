import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { Recovery } from '#core/recovery'
import type { Ticker } from '#core/ticker'

const A = 'A' as Ticker
const B = 'B' as Ticker
const C = 'C' as Ticker
const at = (ms: number) => (ms * 1000) as Micros

test('a book is asked for once, however many bad frames come', () => {
  const recovery = new Recovery(1000)
  expect(recovery.stale([A, B], at(0))).toEqual([A, B])
  expect(recovery.stale([A, B], at(1))).toEqual([])
  recovery.answered(A, null, at(1))
  expect(recovery.stale([A, B], at(2))).toEqual([A])
})

test('an answer that is late is asked for again; one that answers nothing is subscribed anew, then reconnected', () => {
  const recovery = new Recovery(1000)
  recovery.stale([A], at(0))
  expect(recovery.look(at(900))).toEqual({ kind: 'ask', markets: [] })
  expect(recovery.look(at(1001))).toEqual({ kind: 'ask', markets: [A] })
  expect(recovery.look(at(2002))).toEqual({ kind: 'ask', markets: [A] })
  expect(recovery.look(at(3003))).toEqual({ kind: 'resubscribe' })
  recovery.sent([A], 9, at(3003))
  for (const ms of [4004, 5005, 6006]) {
    expect(recovery.look(at(ms))).toEqual({ kind: 'ask', markets: [A] })
  }
  expect(recovery.look(at(7007))).toEqual({ kind: 'reconnect' })
})

test('invariant 7: a market that never answers costs no connection that answers for others', () => {
  const recovery = new Recovery(1000)
  recovery.sent([A, B], 1, at(0))
  recovery.answered(B, null, at(500))
  const asked: number[] = []
  for (let ms = 0; ms <= 300_000; ms += 250) {
    const step = recovery.look(at(ms))
    expect(step.kind).toBe('ask')
    if (step.kind === 'ask' && step.markets.length > 0) asked.push(ms)
  }
  const waits = asked.slice(1).map((ms, i) => ms - (asked[i] ?? 0))
  expect(Math.max(...waits)).toBeLessThanOrEqual(64_500)
  expect(waits.at(-1)).toBeGreaterThan(30_000)
})

test('a subscription that brings no snapshot is asked for it', () => {
  const recovery = new Recovery(1000)
  recovery.sent([A, B], 1, at(0))
  recovery.answered(B, null, at(1))
  expect(recovery.look(at(1001))).toEqual({ kind: 'ask', markets: [A] })
})

test('thousands of books are not asked for twice while answers come in their order', () => {
  const recovery = new Recovery(1000)
  recovery.sent([A], 1, at(0))
  recovery.sent([B, C], 2, at(0))
  recovery.answered(A, null, at(900))
  expect(recovery.look(at(1500))).toEqual({ kind: 'ask', markets: [] })
  recovery.answered(B, null, at(1600))
  expect(recovery.look(at(2500))).toEqual({ kind: 'ask', markets: [] })
  expect(recovery.look(at(2601))).toEqual({ kind: 'ask', markets: [C] })
})

test('a book that was passed over is asked for again although answers come', () => {
  const recovery = new Recovery(1000)
  recovery.sent([A], 1, at(0))
  recovery.sent([B], 2, at(0))
  recovery.answered(B, 2, at(900))
  expect(recovery.look(at(1001))).toEqual({ kind: 'ask', markets: [A] })
})

test('a subscription that answers after it was made anew begins with patience again', () => {
  const recovery = new Recovery(1000)
  recovery.sent([A], 1, at(0))
  const steps = (...ms: number[]) => ms.map((each) => recovery.look(at(each)).kind)
  expect(steps(1001, 2002, 3003, 4004)).toEqual(['ask', 'ask', 'ask', 'resubscribe'])
  recovery.sent([A], 2, at(4004))
  recovery.answered(A, 2, at(4010))
  recovery.stale([A], at(6000))
  expect(steps(7001, 8002, 9003)).toEqual(['ask', 'ask', 'resubscribe'])
})

test('what is another connection’s now is forgotten', () => {
  const recovery = new Recovery(1000)
  recovery.sent([A, B], 1, at(0))
  recovery.forget([A])
  expect(recovery.look(at(1001))).toEqual({ kind: 'ask', markets: [B] })
})
