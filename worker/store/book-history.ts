import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Gap, Seq } from '#core/log'
import type { RawLogRow } from '#core/log-row'
import type { Opening } from '#core/segment'
import { type Coverage, type HistoryHead, type HistoryPoint, readHead } from './history-head.ts'
import { readRecords } from './read-rows.ts'

/** All that a past book is folded from. */
export type BookHistory = {
  /** How the log stood before the records: as a segment begins, or new. */
  readonly opening: Opening
  /** What follows the opening up to the point, in order. */
  readonly records: readonly BookRecord[]
  /** The gaps known now that strictly contain the point, those found later included. */
  readonly gaps: readonly Gap[]
  readonly coverage: Coverage
}

/**
 * Reads what a market's book at a point is folded from. Throws SegmentError and LogRowError for a row that cannot be read,
 * and as Postgres does.
 *
 * Two statements. The first sees one state of the store: the segment, gaps, coverage and the last hot row. The second,
 * later, reads the hot rows after that segment and up to that last row. A row that the first would have found there is
 * still there: one that is sealed meanwhile stays hot for ten minutes more. And none is read twice: what the segment
 * holds is left out by its seq, however much of it is still hot. A caller that asks for a moment beyond `throughUs` gets
 * what is stored so far, and must say so.
 */
export async function historyAt(
  sql: Sql,
  marketId: number,
  point: HistoryPoint,
): Promise<BookHistory> {
  const head = await readHead(sql, marketId, point)
  const { opening, sealed, after } = beginning(head, point)
  const { hot, coverage } = head
  const upTo = limitOf(point)
  const untilSeq = Math.min(upTo.seq, hot?.seq ?? -1)
  const rows =
    untilSeq <= after.seq || upTo.us < after.us
      ? []
      : await sql<RawLogRow[]>`
        select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
        from kb.book_deltas
        where market_id = ${marketId}
          and recv_us >= ${after.us} and recv_us <= ${Math.min(upTo.us, hot?.recvUs ?? 0)}
          and seq > ${after.seq} and seq <= ${untilSeq}
        order by seq`
  const records = [...sealed, ...readRecords(marketId, rows)]
  const last = records.at(-1) ?? (opening.kind === 'new' ? undefined : opening)
  const instant = point !== 'last' && 'us' in point ? point.us : last?.recv
  const contains = ({ from, to }: Gap) =>
    instant !== undefined && from < instant && (to === null || to > instant)
  return { opening, records, gaps: head.gaps.filter(contains), coverage }
}

/** What the store holds of a market's log. Throws as readHead does. */
export async function coverageOf(sql: Sql, marketId: number): Promise<Coverage> {
  return (await readHead(sql, marketId, 'last')).coverage
}

type Beginning = {
  readonly opening: Opening
  /** Of the segment's records, those up to the point. */
  readonly sealed: readonly BookRecord[]
  /** Hot rows count from here on. */
  readonly after: { readonly seq: number; readonly us: number }
}

function beginning({ segment }: HistoryHead, point: HistoryPoint): Beginning {
  const upTo = limitOf(point)
  if (segment === null || (point !== 'last' && segment.openUs > upTo.us)) {
    return { opening: { kind: 'new' }, sealed: [], after: { seq: -1, us: 0 } }
  }
  const { opening, records } = segment
  const sealed = records.filter(({ seq, recv }) => seq <= upTo.seq && recv <= upTo.us)
  const whole = records[0] === undefined || sealed.length > 0
  const last = whole ? records.at(-1) : undefined
  const from = last ?? (opening.kind === 'new' ? null : opening)
  return { opening, sealed, after: { seq: from?.seq ?? -1, us: from?.recv ?? 0 } }
}

function limitOf(point: HistoryPoint): { readonly seq: Seq; readonly us: Micros } {
  const none = Number.MAX_SAFE_INTEGER
  const seq = point !== 'last' && 'seq' in point ? point.seq : (none as Seq)
  const us = point !== 'last' && 'us' in point ? point.us : (none as Micros)
  return { seq, us }
}
