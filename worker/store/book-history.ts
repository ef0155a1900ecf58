import type { Sql } from 'postgres'
import type { BookRecord, Gap, SnapshotRecord } from '#core/log'
import type { RawLogRow } from '#core/log-row'
import { type Coverage, type HistoryPoint, readHead } from './history-head.ts'
import { readRecords } from './read-rows.ts'

/** All that a past book is folded from. */
export type BookHistory = {
  /** The last snapshot at or before the point; null when there is none. */
  readonly opening: SnapshotRecord | null
  /** What follows the opening up to the point, in order; without an opening, all from the log's first record. */
  readonly records: readonly BookRecord[]
  /** The gaps known now that strictly contain the point, those found later included. */
  readonly gaps: readonly Gap[]
  readonly coverage: Coverage
}

/**
 * Reads what a market's book at a point is folded from. Throws LogRowError for a row that cannot be read, and as Postgres does.
 *
 * Two statements. The first sees one state of the store: opening, gaps, coverage and the last record. The second, later,
 * reads between that opening and that last record, and finds what the first would have found: a market's records are
 * stored in the order of seq, and rows at or below the watermark never change. A caller that asks for a moment beyond
 * `throughUs` gets what is stored so far, and must say so.
 */
export async function historyAt(
  sql: Sql,
  marketId: number,
  point: HistoryPoint,
): Promise<BookHistory> {
  const { opening, coverage, gaps } = await readHead(sql, marketId, point)
  const { first, last } = coverage
  if (first === null || last === null) return { opening, records: [], gaps, coverage }
  const startUs = opening === null ? first.recvUs : opening.recv
  const untilUs = point !== 'last' && 'us' in point ? point.us : last.recvUs
  const untilSeq = point !== 'last' && 'seq' in point ? Math.min(point.seq, last.seq) : last.seq
  const rows = await sql<RawLogRow[]>`
    select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
    from kb.book_deltas
    where market_id = ${marketId}
      and recv_us >= ${startUs} and recv_us <= ${untilUs}
      and seq > ${opening?.seq ?? -1} and seq <= ${untilSeq}
    order by seq`
  return { opening, records: readRecords(marketId, rows), gaps, coverage }
}

/** What the store holds of a market's log. Throws as Postgres does. */
export async function coverageOf(sql: Sql, marketId: number): Promise<Coverage> {
  return (await readHead(sql, marketId, 'last')).coverage
}
