import type { MarketRecord } from './ingest.ts'
import type { Micros } from './instant.ts'
import type { GapCause } from './log.ts'
import type { Followed, Owner } from './owners.ts'

/**
 * Makes books stale, unless another subscription brings them.
 * @param from the last moment at which we can vouch for them, µs
 * @returns the gap records of those that were known
 */
export function staleBooks(
  sid: Owner,
  markets: Iterable<Followed>,
  cause: GapCause,
  from: Micros,
  now: Micros,
): MarketRecord[] {
  const records: MarketRecord[] = []
  for (const { market, log, owner } of markets) {
    const record = owner === null || owner === sid ? log.gap(cause, from, now) : null
    if (record) records.push({ market, record })
  }
  return records
}

/**
 * Makes the books stale that were taken from a subscription which turns out to have missed frames before: what they had of
 * it may be wrong, whoever brings them now.
 * @param from its last contiguous frame, µs; they were taken later
 * @returns the gap records
 */
export function staleLeft(sid: Owner, cause: GapCause, from: Micros, now: Micros): MarketRecord[] {
  const records: MarketRecord[] = []
  for (const { market, log } of sid.left) {
    const record = log.gap(cause, from, now)
    if (record) records.push({ market, record })
  }
  sid.left.clear()
  return records
}
