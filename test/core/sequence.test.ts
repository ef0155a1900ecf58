import { expect, test } from 'vitest'
import { sequenceOrder } from '#core/sequence'

test.each([
  [0, 1, 'next'],
  [41, 42, 'next'],
  [0, 2, 'gap'],
  [41, 50, 'gap'],
  [41, 41, 'duplicate'],
  [41, 3, 'duplicate'],
])('after %d, frame %d is %s', (last, seq, order) => {
  expect(sequenceOrder(last, seq)).toBe(order)
})
