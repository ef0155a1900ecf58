import { beforeEach, expect, test, vi } from 'vitest'
import { PaidRows, type Payer } from '../../worker/gate/paid-rows.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  return () => void vi.useRealTimers()
})

/** Who pays for rows, and what it was told; each block is settled once at most. */
function payer(reserved: number) {
  const settled = new Map<string, number>()
  let blocks = 1
  const pays: Payer = {
    reserved,
    handOver: () => {},
    settle: (credits, _, id = 'first') => {
      if (!settled.has(id)) settled.set(id, credits)
    },
    nextBlock: () => {
      blocks += 1
      return Promise.resolve({ id: `block ${blocks}` })
    },
  }
  return { pays, settled }
}

test('a block that is taken too slowly is settled before it would be free, and the next is paid for', async () => {
  const { pays, settled } = payer(10)
  const rows = new PaidRows(pays, 'rows', 20_000)
  expect(await rows.room()).toBe(10_000)
  rows.sent(1500)
  vi.advanceTimersByTime(59_000)
  expect([...settled]).toEqual([['first', 2]])
  // What is left of the credit that was begun.
  expect(await rows.room()).toBe(500)
  rows.sent(500)
  expect(await rows.room()).toBe(10_000)
  rows.sent(10)
  vi.advanceTimersByTime(59_000)
  rows.end(false)
  expect([...settled]).toEqual([
    ['first', 2],
    ['block 2', 1],
  ])
  expect(rows.credits).toBe(3)
})

test('a stream that has ended settles no more', async () => {
  const { pays, settled } = payer(10)
  const rows = new PaidRows(pays, 'page', 20_000)
  rows.end(true)
  vi.advanceTimersByTime(120_000)
  expect([...settled]).toEqual([['first', 0]])
  expect(vi.getTimerCount()).toBe(0)
})
