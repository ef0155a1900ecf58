/** How a frame's seq stands to the last one of its sid. */
export type SequenceOrder =
  | { readonly kind: 'next' }
  /** Seen before, or older than what was seen: to be dropped. */
  | { readonly kind: 'duplicate' }
  /** Frames between `expected` and `got` are missing. */
  | { readonly kind: 'gap'; readonly expected: number; readonly got: number }

/**
 * Orders a sequenced frame of one sid. The exchange counts every sequenced frame of a sid from 1.
 * @param last the highest seq seen on this sid, 0 at its start
 */
export function sequenceOrder(last: number, seq: number): SequenceOrder {
  if (seq === last + 1) return { kind: 'next' }
  return seq <= last ? { kind: 'duplicate' } : { kind: 'gap', expected: last + 1, got: seq }
}
