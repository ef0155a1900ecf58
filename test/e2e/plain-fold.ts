import { crc32 } from 'node:zlib'

/** A record or delta as the wire carries it, as far as a fold needs it. */
export type PlainRecord = {
  type: string
  seq: number
  recv_us: number
  event_us: number | null
  side?: 'yes' | 'no'
  price?: string
  change?: string
  size?: string
  yes?: [string, string][]
  no?: [string, string][]
  cause?: string
  from_us?: number
  to_us?: number | null
}
export type PlainBook = { yes: [string, string][]; no: [string, string][] }

/** Folds records with two plain maps of decimal strings to hundredths; null while no book is known. */
export function plainFold(records: readonly PlainRecord[]): PlainBook | null {
  let book: { yes: Map<string, number>; no: Map<string, number> } | null = null
  for (const record of records) {
    if (record.type === 'snapshot') {
      const side = (levels: [string, string][] = []) =>
        new Map(levels.map(([price, size]) => [price, hundredths(size)] as const))
      book = { yes: side(record.yes), no: side(record.no) }
    } else if (record.type === 'gap') book = null
    else if (record.type === 'delta' && book && record.side && record.price && record.change) {
      const side = book[record.side]
      const size = (side.get(record.price) ?? 0) + hundredths(record.change)
      if (size === 0) side.delete(record.price)
      else side.set(record.price, size)
    }
  }
  return book && { yes: printed(book.yes), no: printed(book.no) }
}

/** The checksums of architecture §5, made from decimal strings with zlib. */
export function plainChecksums(book: PlainBook): { checksum: number; full_checksum: number } {
  const side = (levels: [string, string][]) =>
    levels.map(([price, size]) => `${Number(price.slice(2).padEnd(6, '0'))}:${hundredths(size)}`)
  const text = (depth: number) =>
    `${side(book.yes).slice(0, depth).join(',')}|${side(book.no).slice(0, depth).join(',')}`
  return { checksum: crc32(text(10)), full_checksum: crc32(text(Number.POSITIVE_INFINITY)) }
}

function hundredths(decimal: string): number {
  const sign = decimal.startsWith('-') ? -1 : 1
  const [whole = '0', cents = '00'] = decimal.replace('-', '').split('.')
  return sign * (Number(whole) * 100 + Number(cents))
}

function printed(side: Map<string, number>): [string, string][] {
  return [...side]
    .sort((a, b) => Number(b[0]) - Number(a[0]))
    .map(([price, size]) => [price, (size / 100).toFixed(2)])
}
