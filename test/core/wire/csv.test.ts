import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Column, csvCell, csvHeader, csvLine } from '#core/wire/csv'

test.each([
  ['plain', 'plain'],
  ['a, b', '"a, b"'],
  ['say "no"', '"say ""no"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', "'=1+1"],
  ['@cmd', "'@cmd"],
  ['+1', "'+1"],
  ['-a,b', '"\'-a,b"'],
  ['-300.00', '-300.00'],
  [-3, '-3'],
  [true, 'true'],
  [null, ''],
  ['', ''],
])('%j is printed as %s', (cell, printed) => {
  expect(csvCell(cell)).toBe(printed)
})

/** Reads one line by RFC 4180. */
function read(line: string): string[] {
  const cells = line.slice(0, -1).match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^",]*)(?=,|$)/gs) ?? []
  return cells.map((cell) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  )
}

test('any text can be read back, and none of them begins a formula', () => {
  const columns: Column<string[]>[] = [0, 1, 2].map((i) => [`c${i}`, (row) => row[i] ?? ''])
  expect(csvHeader(columns)).toBe('c0,c1,c2\n')
  const text = fc.string({ unit: fc.constantFrom(...'=+-@,"\n\r\tab1.') })
  fc.assert(
    fc.property(fc.array(text, { minLength: 3, maxLength: 3 }), (row) => {
      const cells = read(csvLine(columns, row))
      for (const [i, cell] of cells.entries()) {
        expect(cell === row[i] || cell === `'${row[i]}`).toBe(true)
        expect(cell).toMatch(/^(?![=+@\t\r])(?!-(?!\d+(\.\d+)?$))/)
      }
      expect(cells).toHaveLength(3)
    }),
  )
})
