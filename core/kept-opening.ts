import type { Micros } from './instant.ts'
import type { Opening } from './segment.ts'
import { decodeSegment, encodeSegment } from './segment-codec.ts'

const CHUNK = 4096

/**
 * An opening as a text of its bytes: tens of thousands are kept, and a text takes a third of the room of an array of bytes.
 * Throws RangeError for what no log holds.
 */
export function keepOpening(opening: Opening): string {
  const openUs = opening.kind === 'new' ? (0 as Micros) : opening.recv
  const bytes = encodeSegment({ openUs, opening, records: [] })
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return text
}

/** The opening that was kept. Throws for any other text. */
export function keptOpening(text: string): Opening {
  const segment = decodeSegment(Uint8Array.from(text, (byte) => byte.charCodeAt(0)))
  if (segment === null) throw new Error('an opening was not kept')
  return segment.opening
}
