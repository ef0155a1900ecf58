import type { Sql } from 'postgres'

/** Books as the exchange prints them, best level first. */
export type PlainBooks = Map<string, { yes: [string, string][]; no: [string, string][] }>

/** Folds every market's stored log with plain maps, knowing nothing of the product's own book. */
export async function foldStore(sql: Sql): Promise<PlainBooks> {
  const rows = await sql`
    select m.ticker, d.kind, d.side, d.price, d.change::text, d.ladders
    from kb.book_deltas d join kb.markets m on m.id = d.market_id order by m.ticker, d.seq`
  const levels = new Map<string, [Map<number, number>, Map<number, number>] | null>()
  for (const row of rows) {
    const ticker = row['ticker'] as string
    if (row['kind'] === 0) levels.set(ticker, parse(row['ladders'] as string))
    if (row['kind'] === 2) levels.set(ticker, null)
    const book = levels.get(ticker)
    if (row['kind'] !== 1 || !book) continue
    const side = book[row['side'] as 0 | 1]
    const size = (side.get(row['price'] as number) ?? 0) + Number(row['change'])
    if (size === 0) side.delete(row['price'] as number)
    else side.set(row['price'] as number, size)
  }
  const books: PlainBooks = new Map()
  for (const [ticker, book] of levels) {
    if (book) books.set(ticker, { yes: print(book[0]), no: print(book[1]) })
  }
  return books
}

function parse(text: string): [Map<number, number>, Map<number, number>] {
  const side = (levels: string) =>
    new Map(
      levels.split(',').flatMap((level) => {
        const [price, size] = level.split(':').map(Number)
        return price && size ? [[price, size] as const] : []
      }),
    )
  const [yes = '', no = ''] = text.split('|')
  return [side(yes), side(no)]
}

function print(side: Map<number, number>): [string, string][] {
  const dollars = (price: number) => `0.${String(price).padStart(6, '0')}`.replace(/00$/, '')
  const contracts = (size: number) => (size / 100).toFixed(2)
  return [...side].sort((a, b) => b[0] - a[0]).map(([p, s]) => [dollars(p), contracts(s)])
}
