import { expect, test } from 'vitest'
import { z } from 'zod'
import { readOrderbooks } from '#core/kalshi/orderbooks'
import { readShared, sharedData } from '../../shared-data.ts'
import { levels, ticker } from '../arbitraries.ts'

const book = (name: string, yes: unknown, no: unknown) => ({
  ticker: name,
  orderbook_fp: { yes_dollars: yes, no_dollars: no },
})

test('both sides are read in our units, best first, whichever way they were ordered', () => {
  const body = {
    orderbooks: [
      book(
        'KXA',
        [
          ['0.0800', '300.00'],
          ['0.2200', '333.50'],
        ],
        [['0.5400', '20.00']],
      ),
      book('KXB', [], null),
    ],
  }
  expect(readOrderbooks(body)).toEqual(
    new Map([
      [
        ticker('KXA'),
        { yes: levels([220_000, 33_350], [80_000, 30_000]), no: levels([540_000, 2000]) },
      ],
      [ticker('KXB'), { yes: [], no: [] }],
    ]),
  )
})

test.each([
  ['a price off the dollar', book('KXA', [['1.0000', '1.00']], [])],
  ['a price that is none', book('KXA', [['a', '1.00']], [])],
  ['a size below zero', book('KXA', [['0.5000', '-1.00']], [])],
  ['a number where a text should be', book('KXA', [[0.5, '1.00']], [])],
  ['a level of one', book('KXA', [['0.5000']], [])],
  ['a side that is absent', book('KXA', [], undefined)],
  ['sides by other names', { ticker: 'KXA', orderbook_fp: { yes: [], no: [] } }],
  ['a ticker that is none', book('', [], [])],
  ['no book', { ticker: 'KXA' }],
  ['nothing', null],
])('a book with %s is left out alone', (_, odd) => {
  const read = readOrderbooks({ orderbooks: [odd, book('KXB', [], [])] })
  expect([...(read?.keys() ?? [])]).toEqual(['KXB'])
})

test('a level without size is no level, and what is said besides does not matter', () => {
  const odd = { ...book('KXA', [['0.5000', '0.00']], []), more: 1 }
  expect(readOrderbooks({ orderbooks: [odd], cursor: '' })?.get(ticker('KXA'))?.yes).toEqual([])
})

test.each([[null], ['<html>'], [[]], [{}], [{ orderbooks: {} }], [{ orderbooks: null }]])(
  'an answer of another shape is none: %j',
  (body) => {
    expect(readOrderbooks(body)).toBeNull()
  },
)

const recorded = z.array(z.looseObject({ ticker: z.string(), orderbook_fp: z.looseObject({}) }))

test.skipIf(!sharedData)('every book that the real exchange answered with is read', () => {
  const real = recorded.parse(
    JSON.parse(readShared('data/kalshi/rest-combo_orderbooks-2026-08.json')),
  )
  const read = readOrderbooks({ orderbooks: real })
  expect(real.length).toBeGreaterThan(5)
  expect([...(read?.keys() ?? [])]).toEqual(real.map((each) => each.ticker))
  for (const { ticker: name, orderbook_fp } of real) {
    const { yes, no } = read?.get(ticker(name)) ?? { yes: [], no: [] }
    const sides = z.record(z.string(), z.array(z.unknown())).parse(orderbook_fp)
    expect([yes.length, no.length]).toEqual([
      sides['yes_dollars']?.length,
      sides['no_dollars']?.length,
    ])
  }
})
