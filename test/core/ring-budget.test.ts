import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Seq } from '#core/log'
import { MessageRing } from '#core/message-ring'
import { RingBudget } from '#core/ring-budget'
import { gapMessage } from '#core/wire/stream-message'

const MOST = 20

/** A message that takes one row. */
function messageOf(seq: number) {
  const stamp = { recv: 1, event: null, from: 1, cause: 'cut', prevSeq: null } as never as object
  return gapMessage('M', { kind: 'gap', seq: seq as Seq, ...stamp } as never)
}

test('several rings keep no more than their budget together, and what each still tells has no hole', () => {
  const step = fc.record({
    ring: fc.nat(3),
    kind: fc.constantFrom('push', 'push', 'push', 'restart'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const budget = new RingBudget(MOST)
      const rings = [0, 1, 2, 3].map(() => ({ ring: new MessageRing(budget), seq: 0, kept: 0 }))
      for (const one of rings) one.ring.restart(0)
      for (const { ring: at, kind } of steps) {
        const one = rings[at]
        if (one === undefined) continue
        if (kind === 'restart') one.ring.restart(one.seq)
        else {
          one.seq += 1
          one.ring.push(messageOf(one.seq))
        }
        expect(budget.rows).toBeLessThanOrEqual(MOST)
      }
      let kept = 0
      for (const { ring, seq } of rings) {
        for (let after = seq; after >= 0; after--) {
          const missed = ring.after(after)
          if (missed === null) break
          expect(missed.map((each) => each.seq)).toEqual(
            Array.from({ length: seq - after }, (_, i) => after + 1 + i),
          )
          if (missed.length === seq - after) kept = Math.max(kept, missed.length)
        }
      }
      expect(kept).toBeLessThanOrEqual(MOST)
    }),
  )
})
