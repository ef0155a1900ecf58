import { expect, test } from 'vitest'
import type { Loss } from '../../client/loss.ts'
import { Reconnect } from '../../client/reconnect.ts'

const UNREACHABLE: Loss = { kind: 'unreachable', message: 'no way' }
const MOST = 0.999_999

function waits(losses: number, random: number, loss: Loss = UNREACHABLE): number[] {
  const reconnect = new Reconnect(15_000, () => random)
  return Array.from({ length: losses }, (_, i) => {
    reconnect.opening(i)
    const verdict = reconnect.lost(loss, i)
    return verdict.kind === 'retry' ? verdict.afterMs : -1
  })
}

test('waits are drawn from nothing to a span that doubles up to half a minute', () => {
  expect(waits(8, MOST)).toEqual([900, 1800, 3600, 7200, 14_400, 28_800, 30_000, 30_000])
  expect(waits(8, 0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
})

test('after a connection that was open the first wait is short again', () => {
  const reconnect = new Reconnect(15_000, () => MOST)
  for (const at of [0, 1, 2]) reconnect.lost(UNREACHABLE, at)
  reconnect.opening(10)
  reconnect.opened(20)
  expect(reconnect.lost({ kind: 'silent' }, 90_000)).toEqual({ kind: 'retry', afterMs: 900 })
})

test('who is told how long to wait waits so long at least', () => {
  const loss: Loss = { kind: 'refused', status: 429, message: 'slow', retryAfterMs: 5000 }
  expect(waits(1, 0, loss)).toEqual([5000])
})

test('silence is counted from the last sign of life, and an attempt has ten seconds', () => {
  const reconnect = new Reconnect(15_000, () => 0)
  expect(reconnect.deadlineMs).toBeNull()
  reconnect.opening(1000)
  expect(reconnect.deadlineMs).toBe(11_000)
  reconnect.opened(2000)
  expect(reconnect.deadlineMs).toBe(17_000)
  reconnect.heard(9000)
  expect(reconnect.deadlineMs).toBe(24_000)
  reconnect.lost({ kind: 'silent' }, 24_000)
  expect(reconnect.deadlineMs).toBeNull()
})

test.each([
  [400, 'refused'],
  [401, 'unauthorized'],
  [402, 'out_of_credits'],
  [403, 'forbidden'],
  [404, 'refused'],
  [408, null],
  [429, null],
  [500, null],
  [503, null],
] as const)('a refusal with %i means %s', (status, cause) => {
  const verdict = new Reconnect(1, () => 0).lost(
    { kind: 'refused', status, message: 'why', retryAfterMs: null },
    0,
  )
  expect(verdict).toEqual(
    cause === null ? { kind: 'retry', afterMs: 0 } : { kind: 'stop', cause, message: 'why' },
  )
})
