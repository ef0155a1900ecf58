import { expect, test } from 'vitest'
import { amountOf, partOf } from '../../local/stripe/amount.ts'
import { decodeForm } from '../../local/stripe/form.ts'
import { billingMonth, monthsAfter } from '../../local/stripe/months.ts'
import type { Price } from '../../local/stripe/state.ts'
import { seconds } from './stripe-rig.ts'

const price: Price = {
  id: 'price_1',
  created: 0,
  product: 'prod_1',
  active: true,
  lookupKey: null,
  nickname: null,
  metadata: {},
  unit: '0.008',
  tiers: null,
  transform: null,
  meter: 'mtr_1',
  metered: true,
}

test('a line is rounded once, half up, however small its unit is', () => {
  expect([0, 62, 63, 187, 188, 12_500_000].map((units) => amountOf(price, units))).toEqual([
    0, 0, 1, 1, 2, 100_000,
  ])
})

test('units are priced by the tier that they fall in, and packs are counted whole', () => {
  const tiers = [
    { upTo: 100, unit: '0' },
    { upTo: null, unit: '2.5' },
  ]
  expect(amountOf({ ...price, unit: null, tiers }, 100)).toBe(0)
  expect(amountOf({ ...price, unit: null, tiers }, 103)).toBe(8)
  const transform = { divideBy: 1000, round: 'up' } as const
  expect(amountOf({ ...price, unit: '5', transform }, 1001)).toBe(10)
})

test('a part of an amount is by the second, and of what is given back half up too', () => {
  expect(partOf(3900, 1, 3)).toBe(1300)
  expect(partOf(1, 1, 2)).toBe(1)
  expect(partOf(-1, 1, 2)).toBe(0)
  expect(partOf(-3, 1, 2)).toBe(-1)
})

test('a billing month keeps its day where the calendar has it', () => {
  const anchor = seconds('2027-01-31')
  expect(monthsAfter(anchor, 1)).toBe(seconds('2027-02-28'))
  expect(monthsAfter(anchor, 2)).toBe(seconds('2027-03-31'))
  expect(billingMonth(seconds('2027-01-01'), seconds('2026-11-10T12:00:00Z'))).toEqual({
    from: seconds('2026-11-01'),
    to: seconds('2026-12-01'),
  })
})

test('a form is taken apart by its brackets, and one that says a thing twice is none', () => {
  expect(decodeForm('a[b][0][c]=1&a[b][1][c]=2&d=x%20y')).toEqual({
    a: { b: [{ c: '1' }, { c: '2' }] },
    d: 'x y',
  })
  expect(decodeForm('a=1&a=2')).toBeNull()
  expect(decodeForm('a=1&a[b]=2')).toBeNull()
  expect(decodeForm('a[=1')).toBeNull()
})
