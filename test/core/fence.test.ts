import { expect, test } from 'vitest'
import { fence } from '#core/fence'
import { epoch } from './arbitraries.ts'

const known = { epoch: epoch(8), lease: 'a' }

test('the collector that is known is accepted again', () => {
  expect(fence(known, known)).toEqual({ kind: 'accept' })
})

test('the first one and a newer epoch are believed when the lease row agrees', () => {
  expect(fence(known, null)).toEqual({ kind: 'ask_lease' })
  expect(fence({ epoch: epoch(9), lease: 'b' }, known)).toEqual({ kind: 'ask_lease' })
})

test('an older epoch, and this one under another lease, are superseded', () => {
  for (const comer of [
    { epoch: epoch(7), lease: 'a' },
    { epoch: epoch(8), lease: 'b' },
  ]) {
    expect(fence(comer, known)).toEqual({ kind: 'superseded', highest: 8 })
  }
})
