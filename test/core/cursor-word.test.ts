import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCursor } from '#core/cursor'
import { parseCursorWord, printCursorWord } from '#core/cursor-word'

const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))

test('any id that can be stored goes through a cursor unchanged', () => {
  fc.assert(
    fc.property(fc.array(visible, { maxLength: 120 }), (chars) => {
      const id = chars.join('')
      const word = printCursorWord(id)
      expect(parseCursorWord(word)).toBe(id)
      const parts = parseCursor(`1795219200000000~${word}~1.${'A'.repeat(43)}`)
      expect(parts?.position).toEqual(['1795219200000000', word, '1'])
    }),
  )
})

test('the ids of the exchange stay as they are', () => {
  const id = '7c1b8f62-5c1a-4b93-9a53-0d7b6f1c2e11'
  expect(printCursorWord(id)).toBe(id)
})
