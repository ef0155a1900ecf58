import type { HistoryApi } from './history-api.ts'

type Row = Readonly<Record<string, unknown>>

/** All rows of a list, page after page. Throws when a page is refused. */
export async function readPages(api: HistoryApi, path: string, limit: number): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const next = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { status, body } = await api.get(`${path}&limit=${limit}${next}`)
    const page = body as { data: Row[]; next_cursor: string | null }
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
    if (page.data.length > limit) throw new Error(`${path}: ${page.data.length} rows`)
    rows.push(...page.data)
    cursor = page.next_cursor
  }
  return rows
}

/** The lines of an NDJSON stream, and the one that says how it ended. Throws when it broke off. */
export async function readLines(
  api: HistoryApi,
  path: string,
): Promise<{ readonly rows: Row[]; readonly end: Row }> {
  const text = await api.text(path, 'application/x-ndjson')
  const rows = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row)
  const end = rows.pop()
  if (end?.['type'] !== 'end' || !text.endsWith('\n')) throw new Error(`${path}: broken off`)
  return { rows, end }
}

/** The rows of a CSV stream of which no cell holds a comma: each with the cells that are not empty, by their names. */
export async function readCsv(api: HistoryApi, path: string): Promise<Record<string, string>[]> {
  const text = await api.text(path, 'text/csv')
  const [header = '', ...lines] = text.split('\n').slice(0, -1)
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',').map((cell, i) => [names[i] ?? '', cell] as const)
    if (cells.length !== names.length) throw new Error(`${path}: ${line}`)
    return Object.fromEntries(cells.filter(([, cell]) => cell !== ''))
  })
}
