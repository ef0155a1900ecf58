import { crc32 } from 'node:zlib'

/**
 * A hash of one level; a book's hash is the exclusive or of its levels', so that a change of one
 * level changes the hash at no cost. 52 bits, as two parts.
 */
export class BookHash {
  #a = 0
  #b = 0

  /** Adds a level, or takes it away again. Price in millionths, size in hundredths. */
  toggle(side: string, price: number, size: number): void {
    const text = `${side}${price}:${size}`
    this.#a ^= crc32(text)
    this.#b ^= crc32(`${text}#`) >>> 12
  }

  get value(): number {
    return (this.#a >>> 0) * 2 ** 20 + (this.#b >>> 0)
  }
}

/** The hash of a book of decimal strings. */
export function hashBook(book: { yes?: [string, string][]; no?: [string, string][] }): number {
  const hash = new BookHash()
  for (const side of ['yes', 'no'] as const) {
    for (const [price, size] of book[side] ?? []) {
      hash.toggle(side, Math.round(Number(price) * 1e6), Math.round(Number(size) * 100))
    }
  }
  return hash.value
}
