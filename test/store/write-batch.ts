import type { Sql } from 'postgres'
import type { ProofOfLife } from '#core/entry'
import type { Micros } from '#core/instant'
import { type Hold, underLease } from '../../collector/store/lease.ts'
import { insertRecords, type MarketRecord } from '../../collector/store/log-rows.ts'
import { storeMarks } from '../../collector/store/marks.ts'

/** Records and a mark, as the collector stores them. */
export type RecordBatch = Hold & {
  readonly records: readonly MarketRecord[]
  readonly watermarkUs: Micros
  readonly alive: readonly ProofOfLife[]
}

/** Stores a batch in one transaction under the lease, in the order of the collector's own. */
export function writeBatch(sql: Sql, batch: RecordBatch): Promise<'written' | 'lease_lost'> {
  const { slice, epoch, records, watermarkUs: through, alive } = batch
  return underLease(sql, batch, async (tx) => {
    await insertRecords(tx, records)
    await storeMarks(tx, slice, [{ epoch, through, alive }])
    return 'written' as const
  })
}
