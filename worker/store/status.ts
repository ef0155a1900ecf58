import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Epoch } from '#core/log'
import { integer, micros } from '#core/log-row'
import { SLICE } from './slice.ts'

/** The state of the record as the store has it. */
export type StoreStatus = {
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
  readonly epoch: Epoch | null
  /** Markets that we know: about so many, when they are more than COUNTED. */
  readonly markets: number
  /** Gaps that no snapshot has closed yet, of which at most COUNTED are counted. */
  readonly openGaps: number
}

/** A count looks at so many rows at most. */
export const COUNTED = 10_000

/** Reads the watermark, the epoch and two counts. Throws as Postgres does. */
export async function storeStatus(sql: Sql): Promise<StoreStatus> {
  const [row] = await sql`
    select
      (select max(recorded_through_us) from kb.epochs where slice = ${SLICE}) as through_us,
      (select max(epoch) from kb.epochs where slice = ${SLICE}) as epoch,
      (select case
        when reltuples >= ${COUNTED} then reltuples::int8
        else (select count(*) from (select from kb.markets limit ${COUNTED}) counted) end
        from pg_class where oid = 'kb.markets'::regclass) as markets,
      (select count(*) from (
        select from kb.book_gaps where to_us is null limit ${COUNTED}) counted) as open_gaps`
  return {
    throughUs: micros(row?.['through_us']),
    epoch: integer(row?.['epoch']) as Epoch | null,
    markets: integer(row?.['markets']) ?? 0,
    openGaps: integer(row?.['open_gaps']) ?? 0,
  }
}

/** What the lease row says: the shards accept a higher epoch only once they have read it here. */
export async function leaseEpoch(sql: Sql): Promise<{ epoch: Epoch; lease: string } | null> {
  const [row] = await sql`select epoch, lease from kb.lease where slice = ${SLICE}`
  if (row === undefined) return null
  return { epoch: integer(row['epoch']) as Epoch, lease: row['lease'] as string }
}
