import { inflateRawSync } from 'node:zlib'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import type { Segment } from '#core/segment'
import { decodeSegment } from '#core/segment-codec'
import { foldSegment, type SegmentState } from '#core/segment-state'

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
  return readData(marketId, seq, data, decodeSegment)
}

/** How a log stood at a point in the segment of a row. Throws as readSegment does. */
export function readSegmentState(
  marketId: number,
  seq: unknown,
  data: unknown,
  upTo: { readonly seq: Seq; readonly us: Micros },
): SegmentState {
  return readData(marketId, seq, data, (bytes) => foldSegment(bytes, upTo))
}

function readData<Found>(
  marketId: number,
  seq: unknown,
  data: unknown,
  read: (bytes: Uint8Array) => Found | null,
): Found {
  const bytes = data instanceof Uint8Array ? inflate(data) : 'damaged'
  if (bytes === 'too_large') throw new SegmentError('segment_too_large', marketId, seq)
  const found = bytes === 'damaged' ? null : read(bytes)
  if (found === null) throw new SegmentError('segment_unreadable', marketId, seq)
  return found
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
