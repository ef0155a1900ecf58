import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { parseTicker, type Ticker } from '#core/ticker'
import { marketStub } from '../../worker/live/stubs.ts'
import { READ_WATCH_MS, Watchers } from '../../worker/live/watchers.ts'

const tickerOf = (name: string): Ticker => parseTicker(name) ?? never()
const [A, B, C] = [tickerOf('A-1'), tickerOf('B-1'), tickerOf('C-1')]
const none = new Map<string, boolean>()

function never(): never {
  throw new Error('no ticker')
}

/** Runs with the storage of an object that nobody else uses. */
function inStorage(name: string, run: (sql: SqlStorage) => void): Promise<void> {
  return runInDurableObject(marketStub(env, tickerOf(name)), (_, state) => run(state.storage.sql))
}
const watchOf = (token: number, listened = true, paid = true) => ({ token, listened, paid })

test('an idle answer counts only when it names the latest token', async () => {
  await inStorage('TOKENS', (sql) => {
    const watchers = new Watchers(sql, none, () => 1)
    watchers.watch(A, watchOf(5), 0)
    watchers.watch(A, watchOf(9, false), 0)
    // One that was overtaken on its way changes nothing.
    watchers.watch(A, watchOf(7, true), 0)
    expect(watchers.tokenOf(A)).toBe(9)
    expect(watchers.listened).toEqual([])
    expect(watchers.idle(A, 5)).toBe(false)
    expect(watchers.idle(A, 9)).toBe(true)
    expect(watchers.isFollowed(A)).toBe(false)
    expect(watchers.idle(A, 9)).toBe(false)
  })
})

test('a watch without subscribers ends by itself, one with them does not', async () => {
  await inStorage('OVERDUE', (sql) => {
    const watchers = new Watchers(sql, none, () => 1)
    watchers.watch(A, watchOf(1, false), 0)
    watchers.watch(B, watchOf(1, true), 0)
    expect(watchers.endOverdue(READ_WATCH_MS)).toEqual([])
    watchers.watch(A, watchOf(2, false), 30_000)
    expect(watchers.endOverdue(READ_WATCH_MS + 10_000)).toEqual([])
    expect(watchers.endOverdue(READ_WATCH_MS + 40_000)).toEqual([A])
    watchers.unlisten(B, 7, 0)
    expect(watchers.listened).toEqual([B])
    watchers.unlisten(B, 1, 0)
    expect(watchers.endOverdue(READ_WATCH_MS + 40_000)).toEqual([B])
    expect(watchers.followed).toEqual([])
  })
})

test('who follows outlives the memory, a gateway whose socket is gone does not', async () => {
  await inStorage('MEMORY', (sql) => {
    const before = new Watchers(sql, none, () => 9)
    before.watch(A, watchOf(5), 0)
    before.declare('one', true, [B, C])
    before.declare('two', true, [C])
    before.undeclare('one', [B])
    const after = new Watchers(sql, new Map([['two', true]]), () => 9)
    expect(after.followed.toSorted()).toEqual([A, C])
    expect(after.gatewaysOf(C)).toEqual(new Set(['two']))
    // Its token is forgotten: what was asked before counts no more, what is asked from now on does.
    expect(after.idle(A, 5)).toBe(false)
    after.watch(A, watchOf(6), 0)
    expect(after.idle(A, 6)).toBe(true)
    expect(after.forget('two')).toEqual([C])
    expect(new Watchers(sql, none, () => 9).followed).toEqual([])
  })
})

test('free accounts alone follow so many markets; one that is followed anyway is free for all', async () => {
  await inStorage('FREE', (sql) => {
    const watchers = new Watchers(sql, none, () => 1)
    expect(watchers.watch(A, watchOf(1, true, false), 0)).toBe(true)
    expect(watchers.watch(B, watchOf(1, true, false), 0)).toBe(false)
    expect(watchers.declare('free', false, [A, B])).toEqual({
      added: [],
      known: [A],
      refused: [B],
    })
    expect(watchers.declare('paid', true, [A])).toMatchObject({ known: [A] })
    // Now that somebody pays for A there is room for another.
    expect(watchers.declare('free', false, [B, C])).toEqual({ added: [B], known: [], refused: [C] })
    watchers.forget('paid')
    expect(watchers.watch(C, watchOf(1, true, false), 0)).toBe(false)
  })
})
