import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Gap, Seq } from '#core/log'
import { micros, type RawGapRow } from '#core/log-row'
import { readGaps } from './read-rows.ts'
import { SLICE } from './slice.ts'

export type GapRange = {
  /** Inclusive, µs. */
  readonly fromUs?: Micros
  /** Exclusive, µs. */
  readonly toUs?: Micros
  /** The seq of the last gap of the page before. */
  readonly after?: Seq
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

export type GapPage = {
  readonly rows: readonly Gap[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/**
 * The gaps of a market that overlap a range, as known now, in the order of seq, at most `limit`.
 * Throws LogRowError for a row that cannot be read, and as Postgres does.
 */
export async function listGaps(sql: Sql, marketId: number, range: GapRange): Promise<GapPage> {
  const { fromUs, toUs, after, order, limit } = range
  const down = order === 'desc'
  const rows = await sql`
    select w.through_us, g.*
    from (select max(recorded_through_us) as through_us from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select seq, cause, from_us, to_us, noticed_us, prev_seq
      from kb.book_gaps
      where market_id = ${marketId}
        ${fromUs === undefined ? sql`` : sql`and (to_us is null or to_us > ${fromUs})`}
        ${toUs === undefined ? sql`` : sql`and from_us < ${toUs}`}
        ${after === undefined ? sql`` : down ? sql`and seq < ${after}` : sql`and seq > ${after}`}
      order by seq ${down ? sql`desc` : sql``} limit ${limit}) g on true
    order by g.seq ${down ? sql`desc` : sql``}`
  const found = rows.filter((row) => row['seq'] !== null) as unknown as RawGapRow[]
  return { rows: readGaps(marketId, found), throughUs: micros(rows[0]?.['through_us']) }
}
