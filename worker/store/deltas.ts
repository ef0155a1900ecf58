import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Seq } from '#core/log'
import { micros, type RawLogRow } from '#core/log-row'
import { readRecords } from './read-rows.ts'
import { SLICE } from './slice.ts'

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
 * Records of a market's log in the order (recv, seq), at most `limit`, none later than the watermark. recv never decreases
 * along a log, so that order is the order of seq, which the key gives. One statement: rows and watermark agree.
 * Throws LogRowError for a row that cannot be read, and as Postgres does.
 */
export async function listRecords(
  sql: Sql,
  marketId: number,
  range: RecordRange,
): Promise<RecordPage> {
  const { fromUs, toUs, afterSeq, after, limit } = range
  const rows = await sql`
    select w.through_us, r.*
    from (select max(recorded_through_us) as through_us from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
      from kb.book_deltas
      where market_id = ${marketId} and recv_us <= w.through_us
        ${fromUs === undefined ? sql`` : sql`and recv_us >= ${fromUs}`}
        ${toUs === undefined ? sql`` : sql`and recv_us < ${toUs}`}
        ${afterSeq === undefined ? sql`` : sql`and seq > ${afterSeq}`}
        ${after === undefined ? sql`` : sql`and recv_us >= ${after.recvUs} and seq > ${after.seq}`}
      order by seq limit ${limit}) r on true
    order by r.seq`
  const found = rows.filter((row) => row['seq'] !== null) as unknown as RawLogRow[]
  return { records: readRecords(marketId, found), throughUs: micros(rows[0]?.['through_us']) }
}
