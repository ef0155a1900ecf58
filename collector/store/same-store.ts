import type { TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import type { StoredRecord } from './entries.ts'
import type { Hold } from './lease.ts'

/** What a writer knows to be durable of its epoch. */
export type Durable = {
  /** Its watermark; null before its first mark was stored. */
  readonly through: Micros | null
  /** The last record that was stored; null before the first. */
  readonly last: StoredRecord | null
}

/** Thrown when the store does not hold what was stored in it: an older one took its place. */
export class StoreRestoredError extends Error {
  readonly code = 'store_restored'
  readonly retryable = false
}

/** Rows of an hour stay for ten minutes at least after it was sealed: younger ones are there for sure. */
const THERE_US = 300_000_000

/**
 * Finds out whether the store is still the one that was written to, or its continuation: of what was committed in order, the
 * last is there only if all is. Throws StoreRestoredError, and as Postgres does.
 * @param nowUs the receive clock
 */
export async function requireSameStore(
  tx: TransactionSql,
  { slice, epoch }: Hold,
  { through, last }: Durable,
  nowUs: Micros,
): Promise<void> {
  const young = last !== null && nowUs - last.record.recv < THERE_US ? last : null
  const [row] = await tx`
    select
      exists (
        select from kb.epochs where slice = ${slice} and epoch = ${epoch}
          and recorded_through_us >= ${through ?? 0}::int8) as marked,
      ${young === null} or exists (
        select from kb.book_deltas where market_id = ${young?.marketId ?? 0}::int4
          and seq = ${young?.record.seq ?? 0}::int8 and recv_us = ${young?.record.recv ?? 0}::int8) as there`
  if (row?.['marked'] === true && row['there'] === true) return
  throw new StoreRestoredError(`epoch ${epoch} lacks what was stored`)
}
