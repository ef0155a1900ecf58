import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Seq } from '#core/log'
import { sweepLog } from './log-sweep.ts'

export type RecordRange = {
  /** Inclusive, µs of recv. */
  readonly fromUs?: Micros
  /** Exclusive, µs of recv. */
  readonly toUs?: Micros
  readonly afterSeq?: Seq
  /** The last record of the page before. */
  readonly after?: { readonly recvUs: Micros; readonly seq: Seq }
  readonly limit: number
}

export type RecordPage = {
  readonly records: readonly BookRecord[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/**
 * Records of one market's log in the order (recv, seq), which is that of seq alone, at most `limit`, none later than the
 * watermark. Throws as sweepLog does.
 */
export async function listRecords(
  sql: Sql,
  marketId: number,
  { after, limit, ...range }: RecordRange,
): Promise<RecordPage> {
  const records: BookRecord[] = []
  let throughUs: Micros | null = null
  const market = { id: marketId, ticker: '' }
  const place = after === undefined ? {} : { after: { ...after, ticker: '' } }
  const of = { markets: [market], order: 'asc', most: limit } as const
  for await (const step of sweepLog(sql, { ...range, ...place, ...of })) {
    throughUs = step.throughUs
    for (const { record } of step.rows) records.push(record)
    if (records.length >= limit) break
  }
  return { records: records.slice(0, limit), throughUs }
}
