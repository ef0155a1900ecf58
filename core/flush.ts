/** Batches unacknowledged by a shard below which a new one goes out at once. */
const AT_ONCE_BELOW = 2
/** Batches unacknowledged at which nothing more goes out. */
const HOLD_FROM = 8
/** Between the two: every so many ms, or as soon as so many bytes wait. */
const SOON_MS = 10
const SOON_BYTES = 64 * 1024
/** What was gathered of a market while nothing went out becomes an image past so many records, or so many ms. */
const BACKLOG_RECORDS = 200
const BACKLOG_MS = 2000

/** How long a batch may wait for company, in ms, or `hold` until a shard acknowledges. */
export function flushDelay(unacked: number, waitingBytes: number): number | 'hold' {
  if (unacked >= HOLD_FROM) return 'hold'
  return unacked < AT_ONCE_BELOW || waitingBytes >= SOON_BYTES ? 0 : SOON_MS
}

/**
 * Whether a market's records, gathered while nothing went out, are to be told as one image.
 * @param waitingMs since the first of them began to wait
 */
export function becomesImage(records: number, waitingMs: number): boolean {
  return records > BACKLOG_RECORDS || waitingMs > BACKLOG_MS
}
