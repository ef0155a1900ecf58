import fc from 'fast-check'
import { expect, test } from 'vitest'
import { creditsLeft, overPart } from '#core/allowance'

test('credits are included first, and what went beyond stays beyond', () => {
  const spent = { used: 90, over: 0, held: 0 }
  expect(overPart(spent, 100, 50, 30)).toBe(20)
  const beyond = { used: 120, over: 20, held: 0 }
  expect(creditsLeft(beyond, 100, 50)).toBe(30)
  // A grant afterwards: its credits are there, and those that were beyond are not taken back.
  expect(creditsLeft(beyond, 150, 50)).toBe(80)
  expect(overPart(beyond, 150, 50, 60)).toBe(10)
  // Overage was suspended, or the customer lowered the cap.
  expect(creditsLeft(beyond, 150, 0)).toBe(50)
  expect(creditsLeft({ ...beyond, held: 60 }, 150, 0)).toBe(0)
})

test('what was reserved under a higher cap, or in a month before, is never billed beyond the cap', () => {
  const spent = { used: 100, over: 0, held: 30 }
  expect(overPart(spent, 100, 20, 30)).toBe(20)
  expect(overPart(spent, 100, 0, 30)).toBe(0)
  expect(overPart({ ...spent, used: 150, over: 50 }, 100, 40, 30)).toBe(0)
})

test('whatever is granted and capped, no more is spent than what is included and the highest cap', () => {
  const step = fc.oneof(
    fc.record({ spend: fc.nat(40), pays: fc.nat(40) }),
    fc.record({ grant: fc.integer({ min: -50, max: 100 }) }),
    fc.record({ cap: fc.nat(80) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let [used, over, included, cap, mostIncluded, mostCap] = [0, 0, 100, 0, 100, 0]
      for (const each of steps) {
        if ('grant' in each) included = Math.max(0, included + each.grant)
        else if ('cap' in each) cap = each.cap
        else if (each.spend <= creditsLeft({ used, over, held: 0 }, included, cap)) {
          const pays = Math.min(each.pays, each.spend)
          const part = overPart({ used, over, held: 0 }, included, cap, pays)
          expect(part).toBeGreaterThanOrEqual(0)
          expect(part).toBeLessThanOrEqual(pays)
          used += pays
          over += part
        }
        mostIncluded = Math.max(mostIncluded, included)
        mostCap = Math.max(mostCap, cap)
        expect(over).toBeLessThanOrEqual(mostCap)
        expect(used - over).toBeLessThanOrEqual(mostIncluded)
      }
    }),
  )
})
