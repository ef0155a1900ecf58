import type { Segment } from '#core/segment'
import { decodeSegment } from '#core/segment-codec'

/** What a segment may inflate to: far more than any that is sealed. */
const MOST_BYTES = 4 * 2 ** 20

/** Thrown when a stored segment cannot be read: a fault of ours, never passed over. */
export class SegmentError extends Error {
  readonly code: 'segment_unreadable' | 'segment_too_large'
  readonly retryable = false

  constructor(code: 'segment_unreadable' | 'segment_too_large', marketId: number, seq: unknown) {
    super(`${code}: market ${marketId}, seq ${seq}`)
    this.name = 'SegmentError'
    this.code = code
  }
}

/**
 * Inflates and reads the data of a row of `kb.book_segments`. Throws SegmentError when it is none, or too large.
 * @param seq its first_seq, for the error
 */
export async function readSegment(marketId: number, seq: unknown, data: unknown): Promise<Segment> {
  const bytes = data instanceof Uint8Array ? await inflate(data) : 'damaged'
  if (bytes === 'too_large') throw new SegmentError('segment_too_large', marketId, seq)
  const segment = bytes === 'damaged' ? null : decodeSegment(bytes)
  if (segment === null) throw new SegmentError('segment_unreadable', marketId, seq)
  return segment
}

async function inflate(data: Uint8Array): Promise<Uint8Array | 'damaged' | 'too_large'> {
  const packed = new Blob([new Uint8Array(data)]).stream()
  const reader = packed.pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      length += value.byteLength
      if (length > MOST_BYTES) return 'too_large'
      parts.push(value)
    }
  } catch {
    return 'damaged'
  } finally {
    await reader.cancel().catch(() => {})
  }
  return joined(parts, length)
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
