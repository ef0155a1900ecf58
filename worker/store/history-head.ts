import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Epoch, Gap, Seq, SnapshotRecord } from '#core/log'
import { integer, LogRowError, micros, type RawGapRow, type RawLogRow } from '#core/log-row'
import { readGaps, readRecords } from './read-rows.ts'
import { SLICE } from './slice.ts'

/** Which past book: as of a moment (inclusive), after a record, or after the last one stored. */
export type HistoryPoint = { readonly us: Micros } | { readonly seq: Seq } | 'last'

/** What the store holds of a market's log. */
export type Coverage = {
  readonly first: { readonly recvUs: Micros; readonly seq: Seq } | null
  readonly last: { readonly recvUs: Micros; readonly seq: Seq } | null
  /** The watermark: rows at or below it are final. Null before the first epoch. */
  readonly throughUs: Micros | null
  /** The epoch that was opened last. */
  readonly lastEpoch: Epoch | null
}

/** Where a past book begins, what covers it, and what the store holds of its log. */
export type HistoryHead = {
  readonly opening: SnapshotRecord | null
  readonly gaps: readonly Gap[]
  readonly coverage: Coverage
}

/**
 * Reads, in one statement and so in one state of the store, the snapshot that opens a past book, the gaps over its
 * instant, the ends of the log and the watermark. Throws LogRowError for a row that cannot be read, and as Postgres does.
 */
export async function readHead(
  sql: Sql,
  marketId: number,
  point: HistoryPoint,
): Promise<HistoryHead> {
  const [row = {}] = await sql<Record<string, unknown>[]>`
    select w.through_us, w.last_epoch, first.first_seq, first.first_us, last.last_seq, last.last_us,
      opening.*, gaps.gaps
    from (
      select max(recorded_through_us) as through_us, max(epoch) as last_epoch
      from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select seq as first_seq, recv_us as first_us from kb.book_deltas
      where market_id = ${marketId} order by seq limit 1) first on true
    left join lateral (
      select seq as last_seq, recv_us as last_us from kb.book_deltas
      where market_id = ${marketId} order by seq desc limit 1) last on true
    left join lateral (${openingAt(sql, marketId, point)}) opening on true
    left join lateral (${instantOf(sql, marketId, point)}) instant on true
    left join lateral (
      select jsonb_agg(to_jsonb(g) order by g.seq) as gaps
      from kb.book_gaps g
      where g.market_id = ${marketId} and g.from_us < instant.us
        and (g.to_us is null or g.to_us > instant.us)) gaps on true`
  const gaps = readGaps(marketId, (row['gaps'] ?? []) as RawGapRow[])
  return { opening: readOpening(marketId, row), gaps, coverage: readCoverage(row) }
}

/** `kind = 0` is spelt out so that the index on openings serves. */
function openingAt(sql: Sql, marketId: number, point: HistoryPoint) {
  return sql`
    select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
    from kb.book_deltas
    where market_id = ${marketId} and kind = 0
      ${point === 'last' ? sql`` : 'us' in point ? sql`and recv_us <= ${point.us}` : sql`and seq <= ${point.seq}`}
    order by recv_us desc, seq desc limit 1`
}

/** The moment that gaps are held against: for a point in the log, that of its last record. */
function instantOf(sql: Sql, marketId: number, point: HistoryPoint) {
  if (point === 'last') return sql`select last.last_us as us`
  if ('us' in point) return sql`select ${point.us}::int8 as us`
  return sql`
    select recv_us as us from kb.book_deltas
    where market_id = ${marketId} and seq <= ${point.seq} order by seq desc limit 1`
}

function readOpening(marketId: number, row: Record<string, unknown>): SnapshotRecord | null {
  if (row['seq'] === null || row['seq'] === undefined) return null
  const [opening] = readRecords(marketId, [row as RawLogRow])
  if (opening?.kind !== 'snapshot') throw new LogRowError('row_unreadable', marketId, row['seq'])
  return opening
}

function readCoverage(row: Record<string, unknown>): Coverage {
  const end = (seq: unknown, us: unknown) => {
    const recvUs = micros(us)
    return recvUs === null ? null : { seq: integer(seq) as Seq, recvUs }
  }
  return {
    first: end(row['first_seq'], row['first_us']),
    last: end(row['last_seq'], row['last_us']),
    throughUs: micros(row['through_us']),
    lastEpoch: integer(row['last_epoch']) as Epoch | null,
  }
}
