import { expect, test } from 'vitest'
import { parseTicker } from '#core/ticker'
import { CollectorLink } from '../../worker/live/collector-link.ts'
import { Peeks } from '../../worker/live/peeks.ts'
import { READ_WATCH_MS } from '../../worker/live/watchers.ts'

const market = parseTicker('A-1') ?? never()

function never(): never {
  throw new Error('no ticker')
}

function link(): { collector: CollectorLink; asked: { m: string; ref: number }[] } {
  const { 0: ours, 1: theirs } = new WebSocketPair()
  const asked: { m: string; ref: number }[] = []
  ours.addEventListener('message', ({ data }) => {
    asked.push(...JSON.parse(String(data)).peek)
  })
  ours.accept()
  theirs.accept()
  return { collector: new CollectorLink(theirs), asked }
}

test('a flood of questions is bounded: one too many is answered at once that nobody knows', async () => {
  const { collector, asked } = link()
  const peeks = new Peeks()
  const waiting = Array.from({ length: 1000 }, () => peeks.look(market, collector, 5000))
  expect(await peeks.look(market, collector, 5000)).toEqual({ item: null, vouchedMs: null })
  await expect.poll(() => asked.length).toBe(1000)
  // What answers no question of ours is nobody's.
  expect(peeks.answer({ m: market, ref: 5000 })).toBe(true)
  expect(peeks.answer({ m: market })).toBe(false)
  peeks.abandon()
  for (const looked of await Promise.all(waiting)) expect(looked.item).toBeNull()
})

test('the answer to a question that was asked before all was forgotten answers no other', async () => {
  const { collector, asked } = link()
  const peeks = new Peeks()
  const looking = peeks.look(market, collector, 300)
  await expect.poll(() => asked.length).toBe(1)
  expect(peeks.answer({ m: 'B-1', ref: asked[0]?.ref ?? 0 })).toBe(true)
  expect(await looking).toEqual({ item: null, vouchedMs: null })
})

test('a read repeats one of the last minute', () => {
  const peeks = new Peeks()
  expect(peeks.repeats(market, 0)).toBe(false)
  expect(peeks.repeats(market, READ_WATCH_MS)).toBe(true)
  expect(peeks.repeats(market, 2 * READ_WATCH_MS + 1)).toBe(false)
})
