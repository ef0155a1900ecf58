/** Batches unacknowledged by a shard below which a new one goes out at once. */
const AT_ONCE_BELOW = 2
/** Batches unacknowledged at which nothing more goes out. */
const HOLD_FROM = 8
/** Between the two: every so many ms, or as soon as so many bytes wait. */
const SOON_MS = 10
const SOON_BYTES = 64 * 1024

/** How long a batch may wait for company, in ms, or `hold` until a shard acknowledges. */
export function flushDelay(unacked: number, waitingBytes: number): number | 'hold' {
  if (unacked >= HOLD_FROM) return 'hold'
  return unacked < AT_ONCE_BELOW || waitingBytes >= SOON_BYTES ? 0 : SOON_MS
}
