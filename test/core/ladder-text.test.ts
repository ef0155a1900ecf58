import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Book } from '#core/book'
import { parseLadders, printLadders } from '#core/ladder-text'
import { anyLadders, levels, must } from './arbitraries.ts'

const BOOK = {
  yes: levels([420_000, 120_000], [415_000, 9], [100, 500]),
  no: levels([570_000, 85_000]),
}

test('prints both ladders, best first, whole or to a depth', () => {
  expect(printLadders(BOOK)).toBe('420000:120000,415000:9,100:500|570000:85000')
  expect(printLadders(BOOK, 2)).toBe('420000:120000,415000:9|570000:85000')
  expect(printLadders(BOOK, 0)).toBe('|')
  expect(printLadders({ yes: [], no: [] })).toBe('|')
})

test.each([
  ['', 'no bar'],
  ['1:1', 'one side'],
  ['||', 'three sides'],
  ['100:1,200:1|', 'worst first'],
  ['100:1,100:2|', 'a price twice'],
  ['100:0|', 'an empty level'],
  ['0:1|', 'a price of zero'],
  ['1000000:1|', 'a price of a dollar'],
  ['000100:1|', 'zeros before a price'],
  ['100:01|', 'zeros before a size'],
  ['100:1,|', 'a comma too many'],
  ['100:-1|', 'a negative size'],
  ['100:1.5|', 'a fraction'],
  ['100:1 |', 'a space'],
  ['100:9999999999999999|', 'a size that is not exact'],
])('refuses %j: %s', (text) => {
  expect(parseLadders(text)).toBeNull()
})

test('every book survives being printed and read', () => {
  fc.assert(
    fc.property(anyLadders, (ladders) => {
      const book = must(Book.of(ladders)).ladders()
      expect(parseLadders(printLadders(book))).toEqual(book)
    }),
  )
})

test('what is read is exactly what would be printed', () => {
  const number = fc.stringMatching(/^\d{1,7}$/)
  const side = fc.array(
    fc.tuple(number, number).map((pair) => pair.join(':')),
    { maxLength: 2 },
  )
  const text = fc.tuple(side, side).map((sides) => sides.map((s) => s.join(',')).join('|'))
  fc.assert(
    fc.property(text, (raw) => {
      const read = parseLadders(raw)
      if (read !== null) expect(printLadders(read)).toBe(raw)
    }),
  )
})
