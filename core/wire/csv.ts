/** What one cell can hold. */
export type Cell = string | number | boolean | null

/** A column of a list as CSV: its name, and its cell of a row as the wire carries it. */
export type Column<Row> = readonly [name: string, cell: (row: Row) => Cell]

/** A spreadsheet takes a text that begins so for a formula; a plain decimal number it does not. */
const FORMULA = /^[=+\-@\t\r]/
const DECIMAL = /^-?\d+(?:\.\d+)?$/
const QUOTED = /[",\r\n]/

/** Prints a cell by RFC 4180; a text that a spreadsheet would take for a formula gets a leading `'`. */
export function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = FORMULA.test(cell) && !DECIMAL.test(cell) ? `'${cell}` : cell
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Prints the header line of columns, LF included. */
export function csvHeader(columns: readonly Column<never>[]): string {
  return `${columns.map(([name]) => csvCell(name)).join(',')}\n`
}

/** Prints a row as a line, LF included. */
export function csvLine<Row>(columns: readonly Column<Row>[], row: Row): string {
  let line = ''
  for (const [i, [, cell]] of columns.entries()) line += (i > 0 ? ',' : '') + csvCell(cell(row))
  return `${line}\n`
}
