import { crc32 } from 'node:zlib'
import type { Micros } from '#core/instant'

// A block is: marker, length of its body, entries (u32 each), recv of its first entry in µs or 0 (f64), CRC-32 of all
// that and the body (u32); then the body. Little-endian.
export const HEAD = 24
const MARKER = Buffer.from('KBLK')
const CRC_AT = 20

/** Entries that were written together. */
export type Block = {
  readonly entries: number
  /** When its first entry was received; null when none bears a time. */
  readonly recv: Micros | null
  readonly body: Uint8Array
  /** Bytes in all. */
  readonly length: number
}

/** Puts its head before a body. */
export function frameBlock(body: Uint8Array, entries: number, recv: Micros | null): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD + body.length)
  MARKER.copy(bytes)
  bytes.writeUInt32LE(body.length, 4)
  bytes.writeUInt32LE(entries, 8)
  bytes.writeDoubleLE(recv ?? 0, 12)
  bytes.set(body, HEAD)
  bytes.writeUInt32LE(sum(bytes), CRC_AT)
  return bytes
}

/** What stands at a place: a block, the number of bytes that it takes to tell, or nothing that was written so. */
export function blockAt(bytes: Buffer, at: number): Block | { readonly needs: number } | null {
  if (bytes.length - at < HEAD) return { needs: HEAD }
  if (bytes.compare(MARKER, 0, MARKER.length, at, at + MARKER.length) !== 0) return null
  const length = HEAD + bytes.readUInt32LE(at + 4)
  if (bytes.length - at < length) return { needs: length }
  const block = bytes.subarray(at, at + length)
  if (sum(block) !== block.readUInt32LE(CRC_AT)) return null
  return {
    entries: block.readUInt32LE(8),
    recv: headRecv(block),
    body: block.subarray(HEAD),
    length,
  }
}

/** Where the next whole block begins, at or behind a place; null when none does. */
export function findBlock(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(MARKER, from); at !== -1; at = bytes.indexOf(MARKER, at + 1)) {
    const found = blockAt(bytes, at)
    if (found !== null && 'body' in found) return at
  }
  return null
}

/** The recv that a block's head bears, unchecked. */
export function headRecv(head: Buffer): Micros | null {
  const recv = head.readDoubleLE(12)
  return recv === 0 ? null : (recv as Micros)
}

function sum(block: Buffer): number {
  return crc32(block.subarray(HEAD), crc32(block.subarray(0, CRC_AT)))
}
