import type { TransactionSql } from 'postgres'
import type { Mark } from '#core/entry'
import { integerArray } from './array-literal.ts'

/** Thrown when a mark's epoch was never opened: a fault of ours. */
export class EpochNotOpenError extends Error {
  readonly code = 'epoch_not_open'
  readonly retryable = false
}

/**
 * Raises the watermark and the proofs of life of each mark's epoch; neither ever goes back.
 * Throws EpochNotOpenError, and as Postgres does.
 */
export async function storeMarks(
  tx: TransactionSql,
  slice: number,
  marks: readonly Mark[],
): Promise<void> {
  // Of an epoch the last mark says all that those before it said.
  const last = new Map(marks.map((mark) => [mark.epoch, mark]))
  for (const mark of last.values()) {
    await noteAlive(tx, slice, mark)
    await raiseWatermark(tx, slice, mark)
  }
}

async function noteAlive(tx: TransactionSql, slice: number, mark: Mark): Promise<void> {
  if (mark.alive.length === 0) return
  const alive = mark.alive.toSorted((a, b) => a.connection - b.connection)
  await tx`
    insert into kb.proof_of_life as p (slice, epoch, connection, alive_us)
    select ${slice}::int4, ${mark.epoch}::int8, connection, max(us)
    from unnest(
      ${integerArray(alive.map(({ connection }) => connection))}::int4[],
      ${integerArray(alive.map(({ us }) => us))}::int8[]) u (connection, us)
    group by connection
    on conflict (slice, epoch, connection) do update set alive_us = excluded.alive_us
    where p.alive_us < excluded.alive_us`
}

async function raiseWatermark(tx: TransactionSql, slice: number, mark: Mark): Promise<void> {
  const raised = await tx`
    update kb.epochs set recorded_through_us = greatest(recorded_through_us, ${mark.through}::int8)
    where slice = ${slice} and epoch = ${mark.epoch}`
  if (raised.count !== 1) throw new EpochNotOpenError(`epoch ${mark.epoch} of slice ${slice}`)
}
