import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecvStamp } from '#core/recv-stamp'
import { us } from './arbitraries.ts'

type Frame = readonly [market: string | null, event: number | null, now: number, stamp: number]

const cases: readonly (readonly [string, readonly Frame[]])[] = [
  [
    'an amend’s two deltas share the first’s time',
    [
      ['A', 7, 1_000, 1_000],
      ['A', 7, 1_400, 1_000],
    ],
  ],
  [
    'a third of the same time joins while within 1 ms of the first',
    [
      ['A', 7, 1_000, 1_000],
      ['A', 7, 1_900, 1_000],
      ['A', 7, 2_000, 1_000],
      ['A', 7, 2_001, 2_001],
    ],
  ],
  [
    'another exchange time is another group',
    [
      ['A', 7, 1_000, 1_000],
      ['A', 8, 1_001, 1_001],
    ],
  ],
  [
    'a frame of another market between them parts them',
    [
      ['A', 7, 1_000, 1_000],
      ['B', 7, 1_001, 1_001],
      ['A', 7, 1_002, 1_002],
    ],
  ],
  [
    'a frame of no market between them parts them',
    [
      ['A', 7, 1_000, 1_000],
      [null, null, 1_001, 1_001],
      ['A', 7, 1_002, 1_002],
    ],
  ],
  [
    'frames without exchange time share nothing',
    [
      ['A', null, 1_000, 1_000],
      ['A', null, 1_001, 1_001],
    ],
  ],
]

test.each(cases)('%s', (_, frames) => {
  const stamp = new RecvStamp()
  for (const [market, event, now, expected] of frames) {
    expect(stamp.stamp(market, event === null ? null : us(event), us(now))).toBe(expected)
  }
})

test('stamps never go back and are never more than 1 ms early', () => {
  const frame = fc.record({
    market: fc.constantFrom('A', 'B', null),
    event: fc.constantFrom(us(1), us(2), null),
    later: fc.nat(700),
  })
  fc.assert(
    fc.property(fc.array(frame), (frames) => {
      const stamp = new RecvStamp()
      let now = 1_000
      let before = 0
      for (const { market, event, later } of frames) {
        now += later
        const at = stamp.stamp(market, event, us(now))
        expect(at).toBeGreaterThanOrEqual(before)
        expect(now - at).toBeLessThanOrEqual(1_000)
        before = at
      }
    }),
  )
})
