import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { integerArray } from './array-literal.ts'
import { type Hold, underLease } from './lease.ts'
import { closeGaps, insertRows, type MarketRecord, rowsOf } from './log-rows.ts'

export type RecordBatch = Hold & {
  /** In the order in which they were recorded; at most some 10,000. */
  readonly records: readonly MarketRecord[]
  /** Every record of the slice with recv at or below it is in this batch or in one before it. */
  readonly watermarkUs: Micros
  /** Each connection's last frame or ping. */
  readonly alive: readonly { readonly connection: number; readonly us: Micros }[]
}

/** Thrown when a batch comes before its epoch was opened: a fault of ours. */
export class EpochNotOpenError extends Error {
  readonly code = 'epoch_not_open'
  readonly retryable = false
}

/**
 * Stores a batch in one transaction under the lease: records, gaps, the closing of gaps by snapshots, proofs of life, and
 * the watermark last. The same batch any number of times, also at the same time, leaves the same store.
 * Throws LogRowError before anything is sent, EpochNotOpenError, and as Postgres does; then nothing of it is stored.
 */
export async function writeBatch(sql: Sql, batch: RecordBatch): Promise<'written' | 'lease_lost'> {
  const rows = rowsOf(batch.records)
  return underLease(sql, batch, async (tx) => {
    await insertRows(tx, rows)
    await closeGaps(tx, rows)
    await noteAlive(tx, batch)
    await raiseWatermark(tx, batch)
    return 'written' as const
  })
}

async function noteAlive(tx: TransactionSql, batch: RecordBatch): Promise<void> {
  if (batch.alive.length === 0) return
  const alive = batch.alive.toSorted((a, b) => a.connection - b.connection)
  await tx`
    insert into kb.proof_of_life as p (slice, epoch, connection, alive_us)
    select ${batch.slice}::int4, ${batch.epoch}::int8, connection, max(us)
    from unnest(
      ${integerArray(alive.map(({ connection }) => connection))}::int4[],
      ${integerArray(alive.map(({ us }) => us))}::int8[]) u (connection, us)
    group by connection
    on conflict (slice, epoch, connection) do update set alive_us = excluded.alive_us
    where p.alive_us < excluded.alive_us`
}

async function raiseWatermark(tx: TransactionSql, batch: RecordBatch): Promise<void> {
  const { slice, epoch, watermarkUs } = batch
  const raised = await tx`
    update kb.epochs set recorded_through_us = greatest(recorded_through_us, ${watermarkUs}::int8)
    where slice = ${slice} and epoch = ${epoch}`
  if (raised.count !== 1) throw new EpochNotOpenError(`epoch ${epoch} of slice ${slice}`)
}
