import { crc32 } from 'node:zlib'

/** A side of a book: millionths of a dollar to hundredths of a contract. */
export type Side = ReadonlyMap<number, number>
export type PlainBook = { readonly yes: Side; readonly no: Side }
/** `[price, size]` as decimal strings. */
export type Ladder = [string, string][]

/** Millionths of a dollar as the wire prints them: four decimals, or six when finer. */
export function dollars(millionths: number): string {
  const finer = millionths % 100 !== 0
  return (millionths / 1_000_000).toFixed(finer ? 6 : 4)
}

/** Hundredths of a contract as the wire prints them. */
export function contracts(hundredths: number): string {
  return (hundredths / 100).toFixed(2)
}

/** A moment in µs as RFC 3339 with microseconds. */
export function instant(us: number): string {
  const whole = new Date(Math.floor(us / 1_000_000) * 1000).toISOString().slice(0, 19)
  return `${whole}.${String(us % 1_000_000).padStart(6, '0')}Z`
}

/** A side best (highest price) first. */
export function bids(side: Side): Ladder {
  return bestFirst(side).map(([price, size]) => [dollars(price), contracts(size)])
}

/** The no side as yes asks: each at one dollar less its price, lowest first. */
export function asks(no: Side): Ladder {
  return bestFirst(no).map(([price, size]) => [dollars(1_000_000 - price), contracts(size)])
}

/** Both checksums of architecture §5. */
export function checksums({ yes, no }: PlainBook): { checksum: number; full_checksum: number } {
  const side = (levels: Side, depth: number) =>
    bestFirst(levels)
      .slice(0, depth)
      .map(([price, size]) => `${price}:${size}`)
      .join(',')
  const text = (depth: number) => `${side(yes, depth)}|${side(no, depth)}`
  return { checksum: crc32(text(10)), full_checksum: crc32(text(Number.POSITIVE_INFINITY)) }
}

function bestFirst(side: Side): [number, number][] {
  return [...side].sort(([a], [b]) => b - a)
}
