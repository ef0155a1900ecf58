import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { type Epoch, epochOf, type Seq, seqOf } from '#core/log'
import { integer, micros, type RawLogRow } from '#core/log-row'
import type { FailedRun } from '#core/log-sealing'
import type { Opening } from '#core/segment'
import { integerArray } from './array-literal.ts'
import { closingOfData } from './segments.ts'

/** Rows of one market and epoch of which the last is in no segment. */
export type Span = {
  readonly marketId: number
  readonly epoch: Epoch
  /** Of the last row. */
  readonly seq: Seq
  readonly recv: Micros
}

/** A row of `book_deltas` as the driver gives it. */
export type SpanRow = RawLogRow & { readonly market_id: unknown }

/** How far a span is sealed, or given up, before its first row that is not. */
export type SpanStart = {
  /** The last record that is dealt with; one below the epoch's first when there is none. */
  readonly after: Seq
  /** How the log stands after what is sealed of it; null when that cannot be read. */
  readonly opening: Opening | null
  /** Where the segment begins after which it stands so; 0 when there is none. */
  readonly sealedUs: Micros
  readonly failing: FailedRun | null
}

/**
 * What epochs before this one left unsealed in `book_deltas`, by market and then by seq. Records of an epoch are sealed in
 * their order, so that the last of them says whether all are. Throws as Postgres does.
 */
export async function unsealedSpans(sql: Sql, epoch: Epoch): Promise<Span[]> {
  const rows = await sql`
    with recursive lasts as (
      (select market_id, seq, recv_us from kb.book_deltas
        where seq < ${seqOf(epoch, 0)} order by market_id desc, seq desc limit 1)
      union all
      select step.* from lasts, lateral (
        select market_id, seq, recv_us from kb.book_deltas d
        where (d.market_id, d.seq) < (lasts.market_id, (lasts.seq >> 32) << 32)
          and seq < ${seqOf(epoch, 0)}
        order by market_id desc, seq desc limit 1) step)
    select * from lasts
    where not exists (
      select from kb.book_segments s
      where s.market_id = lasts.market_id and s.first_us <= lasts.recv_us
        and s.first_us >= lasts.recv_us - lasts.recv_us % 86400000000
        and s.first_seq <= lasts.seq and s.last_seq >= lasts.seq)
    and not exists (
      select from kb.seal_failures f
      where f.market_id = lasts.market_id and f.first_seq <= lasts.seq and f.last_seq >= lasts.seq)
    order by market_id, seq`
  return rows.map((row) => {
    const seq = integer(row['seq']) as Seq
    const marketId = integer(row['market_id']) as number
    return { marketId, epoch: epochOf(seq), seq, recv: micros(row['recv_us']) as Micros }
  })
}

/** How far each of these spans, of different markets, is dealt with. Throws as Postgres does. */
export async function spanStarts(
  sql: Sql,
  spans: readonly Span[],
): Promise<Map<number, SpanStart>> {
  const rows = await sql`
    select w.id, s.first_us, s.last_seq, s.data, f.first_seq as failed_seq, f.last_seq as failed_last_seq,
      f.first_us as failed_us, f.last_us as failed_last_us, f.reason
    from unnest(
      ${integerArray(spans.map(({ marketId }) => marketId))}::int4[],
      ${integerArray(spans.map(({ epoch }) => seqOf(epoch, 0)))}::int8[],
      ${integerArray(spans.map(({ seq }) => seq))}::int8[],
      ${integerArray(spans.map(({ recv }) => recv))}::int8[]) w (id, low, seq, recv_us)
    left join lateral (
      -- A later day may have begun before the records of the day before it were there, and a later epoch at the very
      -- instant of the last row.
      select s.first_us, s.last_seq, s.data
      from unnest(array[w.recv_us, w.recv_us - 1]) at (us), unnest(array[false, true]) alone (filled),
        kb.segment_at(w.id, at.us, alone.filled) s
      where s.last_seq < w.seq
      order by s.last_seq desc, s.first_us desc limit 1) s on true
    left join lateral (
      select * from kb.seal_failures
      where market_id = w.id and last_seq < w.seq and last_seq >= greatest(w.low, s.last_seq)
      order by last_seq desc limit 1) f on true`
  const starts = new Map<number, SpanStart>()
  for (const row of rows) {
    const span = spans.find(({ marketId }) => marketId === row['id'])
    if (span === undefined) continue
    const low = seqOf(span.epoch, 0)
    const sealed = integer(row['last_seq']) ?? -1
    const failing = failureOf(row)
    const after = Math.max(low - 1, sealed, failing?.last.seq ?? -1) as Seq
    const opening = row['data'] === null ? { kind: 'new' as const } : closingOfData(row['data'])
    const sealedUs = micros(row['first_us']) ?? (0 as Micros)
    starts.set(span.marketId, { after, opening, sealedUs, failing })
  }
  return starts
}

function failureOf(row: Record<string, unknown>): FailedRun | null {
  if (row['failed_seq'] === null) return null
  const stamp = (seq: unknown, us: unknown) => ({
    seq: integer(seq) as Seq,
    recv: micros(us) as Micros,
  })
  return {
    first: stamp(row['failed_seq'], row['failed_us']),
    last: stamp(row['failed_last_seq'], row['failed_last_us']),
    reason: String(row['reason']),
  }
}

/**
 * The next rows of each of these spans, after the given records: at most `most` of each, and none after those whose ladders
 * take more than so many bytes. Throws as Postgres does.
 */
export async function spanRows(
  sql: Sql,
  spans: readonly { readonly span: Span; readonly after: Seq }[],
  most: number,
  mostBytes: number,
): Promise<Map<number, SpanRow[]>> {
  const rows = await sql`
    select r.* from unnest(
      ${integerArray(spans.map(({ span }) => span.marketId))}::int4[],
      ${integerArray(spans.map(({ after }) => after))}::int8[],
      ${integerArray(spans.map(({ span }) => span.seq))}::int8[],
      ${integerArray(spans.map(({ span }) => span.recv))}::int8[]) w (id, after, seq, recv_us)
    cross join lateral (
      select * from (
        select next.*, sum(octet_length(ladders)) over (
          order by seq rows between unbounded preceding and 1 preceding) as before_bytes
        from (
          select * from kb.book_deltas d
          where d.market_id = w.id and d.seq > w.after and d.seq <= w.seq and d.recv_us <= w.recv_us
          order by seq limit ${most}) next) summed
      where before_bytes is null or before_bytes <= ${mostBytes}) r
    order by r.market_id, r.seq`
  const found = new Map<number, SpanRow[]>()
  for (const row of rows) {
    const marketId = integer(row['market_id']) as number
    const of = found.get(marketId) ?? []
    of.push(row as unknown as SpanRow)
    found.set(marketId, of)
  }
  return found
}

/**
 * When the log of each of these spans goes on in a segment that is there already; a span that is the last of its log is
 * absent. Throws as Postgres does.
 */
export async function nextSealed(sql: Sql, spans: readonly Span[]): Promise<Map<number, Micros>> {
  const rows = await sql`
    select w.id, min(s.first_us) as us
    from unnest(
      ${integerArray(spans.map(({ marketId }) => marketId))}::int4[],
      ${integerArray(spans.map(({ seq }) => seq))}::int8[],
      ${integerArray(spans.map(({ recv }) => recv))}::int8[]) w (id, seq, recv_us)
    join lateral (
      select first_us from kb.book_segments
      where market_id = w.id and first_us >= w.recv_us and first_seq > w.seq and records > 0
      order by first_us limit 1) s on true
    group by w.id`
  return new Map(rows.map((row) => [integer(row['id']) as number, micros(row['us']) as Micros]))
}
