import type { BookRecord, Ladders } from '#core/log'

/** The truth of these tests: a plain Map from `side price` to size. It shares nothing with core/book. */
export type PlainBook = ReadonlyMap<string, number>

/** The levels of ladders as a plain book. */
export function plain(ladders: Ladders): PlainBook {
  const book = new Map<string, number>()
  for (const side of ['yes', 'no'] as const) {
    for (const [price, size] of ladders[side]) book.set(`${side} ${price}`, size)
  }
  return book
}

/** The book after one more record; null where no book is known. */
export function fold(before: PlainBook | null, record: BookRecord): PlainBook | null {
  if (record.kind === 'snapshot') return plain(record)
  if (record.kind === 'gap') return null
  if (record.kind === 'end' || before === null) return before
  const key = `${record.side} ${record.price}`
  const after = new Map(before)
  const size = (before.get(key) ?? 0) + record.change
  if (size === 0) after.delete(key)
  else after.set(key, size)
  return after
}
