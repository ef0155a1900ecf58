import { expect, test } from 'vitest'
import { cursorText, parseCursor, printCursor } from '#core/cursor'

const signature = 'x'.repeat(43)

test('a printed cursor is read apart again, tickers with dots included', () => {
  for (const position of [['1795345898631376', '33547989549058'], ['KXBTCD-27JAN0100-T89999.99']]) {
    expect(parseCursor(printCursor({ position, signature }))).toEqual({ position, signature })
  }
})

test('what is no cursor is refused', () => {
  for (const text of ['', 'abc', `.${signature}`, `1.${signature}x`, `1 2.${signature}`, '1.x']) {
    expect(parseCursor(text)).toBeNull()
  }
})

test('the signed text is one for each list and place, whatever the order of the parameters', () => {
  const text = cursorText('/a', { from: 1, to: 2 }, ['3'])
  expect(cursorText('/a', { to: 2, after: undefined, from: 1 }, ['3'])).toBe(text)
  for (const other of [
    cursorText('/b', { from: 1, to: 2 }, ['3']),
    cursorText('/a', { from: 1 }, ['3']),
    cursorText('/a', { from: 2, to: 2 }, ['3']),
    cursorText('/a', { from: 1, to: 2 }, ['4']),
    cursorText('/a', { from: 1, to: 2 }, ['3', '']),
  ]) {
    expect(other).not.toBe(text)
  }
})
