import { printLadders } from './ladder-text.ts'
import type { Ladders } from './log.ts'

/** How many levels of each side the checksum of a message covers. */
export const TOP_LEVELS = 10

const TABLE = new Uint32Array(256).map((_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** CRC-32 of ASCII text as zlib computes it, unsigned. */
export function crc32(text: string): number {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** The checksum that streams carry: of the ten best levels of each side. */
export function checksum(book: Ladders): number {
  return crc32(printLadders(book, TOP_LEVELS))
}

/** The checksum over all levels, for images, seals and truth checks. */
export function fullChecksum(book: Ladders): number {
  return crc32(printLadders(book))
}
