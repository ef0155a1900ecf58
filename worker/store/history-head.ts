import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Epoch, Gap, Seq } from '#core/log'
import { integer, micros, type RawGapRow } from '#core/log-row'
import type { Segment } from '#core/segment'
import { readGaps } from './read-rows.ts'
import { readSegment } from './segments.ts'
import { SLICE } from './slice.ts'

/** Which past book: as of a moment (inclusive), after a record, or after the last one stored. */
export type HistoryPoint = { readonly us: Micros } | { readonly seq: Seq } | 'last'

/** A place in a market's log. */
export type LogPlace = { readonly recvUs: Micros; readonly seq: Seq }

/** What the store holds of a market's log. */
export type Coverage = {
  readonly first: LogPlace | null
  readonly last: LogPlace | null
  /** The watermark: rows at or below it are final. Null before the first epoch. */
  readonly throughUs: Micros | null
  /** The epoch that was opened last. */
  readonly lastEpoch: Epoch | null
}

/** Where a past book begins, what may cover it, and what the store holds of its log. */
export type HistoryHead = {
  /** The segment that holds the point or begins it; null when all up to it is in hot rows. */
  readonly segment: Segment | null
  /** The last hot row of the log; null when there is none. */
  readonly hot: LogPlace | null
  /** Among them all gaps that contain the point. */
  readonly gaps: readonly Gap[]
  readonly coverage: Coverage
}

/**
 * Reads, in one statement and so in one state of the store, the segment that holds a past book, the gaps about its instant,
 * the ends of the log and the watermark. Throws SegmentError and LogRowError for a row that cannot be read, and as
 * Postgres does.
 */
export async function readHead(
  sql: Sql,
  marketId: number,
  point: HistoryPoint,
): Promise<HistoryHead> {
  const [row = {}] = await sql<Record<string, unknown>[]>`
    select w.through_us, w.last_epoch, hot_first.hot_first_seq, hot_first.hot_first_us,
      hot.hot_seq, hot.hot_us, sealed.sealed_seq, sealed.sealed_us,
      begins.begins_seq, begins.begins_us, segment.first_seq, segment.data, gaps.gaps
    from (
      select max(recorded_through_us) as through_us, max(epoch) as last_epoch
      from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select seq as hot_first_seq, recv_us as hot_first_us from kb.book_deltas
      where market_id = ${marketId} order by seq limit 1) hot_first on true
    left join lateral (
      select seq as hot_seq, recv_us as hot_us from kb.book_deltas
      where market_id = ${marketId} order by seq desc limit 1) hot on true
    left join lateral (
      select last_seq as sealed_seq, last_us as sealed_us from kb.sealed_logs
      where market_id = ${marketId}) sealed on true
    left join lateral (
      select first_seq as begins_seq, first_us as begins_us
      from kb.segment_after(${marketId}, -1)) begins on true
    left join lateral (${segmentOf(sql, marketId, point)}) segment on true
    left join lateral (${spanOf(sql, marketId, point)}) span on true
    left join lateral (
      select jsonb_agg(to_jsonb(g) order by g.seq) as gaps
      from kb.book_gaps g
      where g.market_id = ${marketId} and g.from_us < span.until_us
        and (g.to_us is null or g.to_us > span.from_us)) gaps on true`
  const { first_seq, data } = row
  return {
    segment: data instanceof Uint8Array ? await readSegment(marketId, first_seq, data) : null,
    hot: placeOf(row['hot_seq'], row['hot_us']),
    gaps: readGaps(marketId, (row['gaps'] ?? []) as RawGapRow[]),
    coverage: readCoverage(row),
  }
}

function segmentOf(sql: Sql, marketId: number, point: HistoryPoint) {
  if (point === 'last') return sql`select * from kb.segment_at(${marketId}, ${LATEST})`
  if ('seq' in point) return sql`select * from kb.segment_of_seq(${marketId}, ${point.seq})`
  return sql`select * from kb.segment_for(${marketId}, ${point.us})`
}

const LATEST = Number.MAX_SAFE_INTEGER

/** The moment of the point, or, as far as it is not known yet, between which moments it lies. */
function spanOf(sql: Sql, marketId: number, point: HistoryPoint) {
  if (point !== 'last' && 'us' in point) {
    return sql`select ${point.us}::int8 as from_us, ${point.us}::int8 as until_us`
  }
  const seq = point === 'last' ? LATEST : point.seq
  return sql`
    select least(segment.first_us, segment.last_us, near.recv_us) as from_us,
      greatest(segment.last_us, near.recv_us) as until_us
    from (select) always left join lateral (
      select recv_us from kb.book_deltas
      where market_id = ${marketId} and seq <= ${seq} order by seq desc limit 1) near on true`
}

function placeOf(seq: unknown, us: unknown): LogPlace | null {
  const recvUs = micros(us)
  return recvUs === null ? null : { seq: integer(seq) as Seq, recvUs }
}

function readCoverage(row: Record<string, unknown>): Coverage {
  const [hotFirst, hot] = [
    placeOf(row['hot_first_seq'], row['hot_first_us']),
    placeOf(row['hot_seq'], row['hot_us']),
  ]
  const sealed = placeOf(row['sealed_seq'], row['sealed_us'])
  const begins = placeOf(row['begins_seq'], row['begins_us'])
  return {
    first: begins === null || (hotFirst !== null && hotFirst.seq < begins.seq) ? hotFirst : begins,
    last: sealed === null || (hot !== null && hot.seq > sealed.seq) ? hot : sealed,
    throughUs: micros(row['through_us']),
    lastEpoch: integer(row['last_epoch']) as Epoch | null,
  }
}
