import { expect, test } from 'vitest'
import { sequenceOrder } from '#core/sequence'

test.each([
  [0, 1, { kind: 'next' }],
  [41, 42, { kind: 'next' }],
  [0, 2, { kind: 'gap', expected: 1, got: 2 }],
  [41, 50, { kind: 'gap', expected: 42, got: 50 }],
  [41, 41, { kind: 'duplicate' }],
  [41, 3, { kind: 'duplicate' }],
])('after %d, frame %d is %j', (last, seq, order) => {
  expect(sequenceOrder(last, seq)).toEqual(order)
})
