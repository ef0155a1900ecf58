import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Seq } from '#core/log'
import { integer, micros, type RawLogRow } from '#core/log-row'
import { readRecords } from './read-rows.ts'
import { readSegment } from './segments.ts'
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
 * along a log, so that order is the order of seq.
 * Throws SegmentError and LogRowError for a row that cannot be read, and as Postgres does.
 *
 * Segments come first, in one statement with the watermark; then the hot rows that are in none of them. A row that the
 * first statement would have found hot is still there for the second, sealed meanwhile or not, and is read from there
 * alone. Where there are too many segments for one statement, nothing after the last of them is read before the next.
 */
export async function listRecords(
  sql: Sql,
  marketId: number,
  range: RecordRange,
): Promise<RecordPage> {
  const span = {
    fromUs: Math.max(range.fromUs ?? 0, range.after?.recvUs ?? 0),
    toUs: range.toUs ?? Number.MAX_SAFE_INTEGER,
  }
  const records: BookRecord[] = []
  let throughUs: Micros | null = null
  let afterSeq = Math.max(range.afterSeq ?? -1, range.after?.seq ?? -1)
  for (;;) {
    const wanted = range.limit - records.length
    const sealed = await readSealed(sql, marketId, { ...span, afterSeq }, wanted)
    throughUs ??= sealed.throughUs
    if (throughUs === null) return { records, throughUs }
    const until = { ...span, toUs: Math.min(span.toUs, throughUs + 1), afterSeq }
    const inside = sealed.records.filter(
      ({ seq, recv }) => seq > afterSeq && recv >= until.fromUs && recv < until.toUs,
    )
    const untilSeq = inside[wanted - 1]?.seq ?? sealed.untilSeq
    const hot = await readHot(sql, marketId, { ...until, untilSeq }, sealed.runs, wanted)
    const both = [...inside, ...hot].sort((a, b) => a.seq - b.seq)
    records.push(...both.slice(0, wanted))
    if (records.length >= range.limit || sealed.untilSeq === null) return { records, throughUs }
    afterSeq = sealed.untilSeq
  }
}

type Span = { readonly fromUs: number; readonly toUs: number; readonly afterSeq: number }

type Sealed = {
  readonly throughUs: Micros | null
  readonly records: readonly BookRecord[]
  /** Of each segment that was read, the first and the last seq. */
  readonly runs: readonly { readonly first: number; readonly last: number }[]
  /** The last seq of these segments when there may be more after them; null when there are not. */
  readonly untilSeq: number | null
}

async function readSealed(
  sql: Sql,
  marketId: number,
  { fromUs, toUs, afterSeq }: Span,
  wanted: number,
): Promise<Sealed> {
  // The segment that begins before `fromUs` may reach into the range, and so may the one that holds `afterSeq`.
  const rows = await sql`
    select w.through_us, s.*
    from (select max(recorded_through_us) as through_us from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select greatest(
        (select first_us from kb.segment_at(${marketId}, ${fromUs - 1})),
        (select first_us from kb.segment_of_seq(${marketId}, ${afterSeq}))) as us) start on true
    left join lateral kb.segments_from(
      ${marketId}, coalesce(start.us, 0), ${afterSeq}, ${toUs - 1}, ${wanted}) s on true
    order by s.first_seq`
  const found = rows.filter((row) => row['data'] !== null)
  const segments = await Promise.all(
    found.map((row) => readSegment(marketId, row['first_seq'], row['data'])),
  )
  const runs = found.map((row) => ({
    first: integer(row['first_seq']) as number,
    last: integer(row['last_seq']) as number,
  }))
  return {
    throughUs: micros(rows[0]?.['through_us']),
    records: segments.flatMap(({ records }) => records),
    runs,
    untilSeq: found.at(-1)?.['more'] === true ? (runs.at(-1)?.last ?? null) : null,
  }
}

async function readHot(
  sql: Sql,
  marketId: number,
  { fromUs, toUs, afterSeq, untilSeq }: Span & { readonly untilSeq: number | null },
  runs: Sealed['runs'],
  limit: number,
): Promise<BookRecord[]> {
  const rows = await sql<RawLogRow[]>`
    select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
    from kb.book_deltas d
    where market_id = ${marketId} and recv_us >= ${fromUs} and recv_us < ${toUs}
      and seq > ${afterSeq} ${untilSeq === null ? sql`` : sql`and seq <= ${untilSeq}`}
      and not exists (
        select from jsonb_to_recordset(${sql.json(runs)}) r (first int8, last int8)
        where d.seq between r.first and r.last)
    order by seq limit ${limit}`
  return readRecords(marketId, rows)
}
