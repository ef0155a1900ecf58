/**
 * How a frame's seq stands to the last one of its sid: `duplicate` was seen before, or is older than what was seen, and is
 * to be dropped; `gap` says that frames before it are missing.
 */
export type SequenceOrder = 'next' | 'duplicate' | 'gap'

/** So many frames in a row that we had already are no repeats: the count of the sid went back. */
export const MOST_REPEATS = 100

/**
 * Orders a sequenced frame of one sid. The exchange counts every sequenced frame of a sid from 1.
 * @param last the highest seq seen on this sid, 0 at its start
 */
export function sequenceOrder(last: number, seq: number): SequenceOrder {
  if (seq === last + 1) return 'next'
  return seq <= last ? 'duplicate' : 'gap'
}
