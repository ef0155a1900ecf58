import { inflateRawSync } from 'node:zlib'
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
export function readSegment(marketId: number, seq: unknown, data: unknown): Segment {
  const bytes = data instanceof Uint8Array ? inflate(data) : 'damaged'
  if (bytes === 'too_large') throw new SegmentError('segment_too_large', marketId, seq)
  const segment = bytes === 'damaged' ? null : decodeSegment(bytes)
  if (segment === null) throw new SegmentError('segment_unreadable', marketId, seq)
  return segment
}

/** At once, not by a stream: most segments are a few kilobytes, and what one makes is bounded. */
function inflate(data: Uint8Array): Uint8Array | 'damaged' | 'too_large' {
  try {
    return inflateRawSync(data, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    const { code } = error as { code?: unknown }
    return code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'damaged'
  }
}
