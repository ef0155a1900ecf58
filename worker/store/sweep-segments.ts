import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import { integer, micros } from '#core/log-row'
import type { SweptRun } from '#core/swept-log'
import { readSegment } from './segments.ts'
import { SLICE } from './slice.ts'

/** What of a segment is stored beside its data. */
export type SegmentKey = Omit<SweptRun, 'records'>

/** Where to go on reading segments, and how many of them. */
export type SegmentStep = {
  readonly order: 'asc' | 'desc'
  /** Of the markets, in the order of their tickers. */
  readonly ids: readonly number[]
  /** Both inclusive, µs. */
  readonly fromUs: number
  readonly toUs: number
  /** Segments that reach into the range from outside come too, and of the only market those that hold records after this. */
  readonly first: { readonly afterSeq: number | null } | null
  /** The step ends after the segment that brings so many records. */
  readonly wanted: number
  /** How much time, µs, so many may fill. */
  readonly spanUs: number
}

export type SegmentsRead = {
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
  /** From when on the log is kept. */
  readonly keptUs: Micros
  /** Each with the rank of its market, in the direction of the reading. */
  readonly runs: readonly { readonly rank: number; readonly run: SweptRun }[]
  /** Of some markets, the run before the range; of some, the next one that was not read. */
  readonly passed: ReadonlyMap<number, SegmentKey>
  readonly unread: ReadonlyMap<number, SegmentKey>
  /** Before this moment, µs, or after it going down, there are no other segments. */
  readonly edgeUs: number
}

/** Bytes of data in one step, which may bring a segment more. */
const STEP_BYTES = 512 * 1024

/**
 * Reads the next segments of some markets in one statement, with the watermark and how far back the log is kept.
 * Throws SegmentError for data that cannot be read, and as Postgres does.
 */
export async function readSegments(sql: Sql, step: SegmentStep): Promise<SegmentsRead> {
  const { order, wanted, first } = step
  const ids = `{${step.ids.join(',')}}`
  const up = order === 'asc'
  const reaching = sql`
    select true as reaching, * from kb.segments_reaching(
      ${ids}::int4[], ${up ? sql`span.from_us` : sql`span.to_us + 1`}) union all`
  const rows = await sql`
    with marks as materialized (
      select max(recorded_through_us) as through_us, kb.kept_from('segments') as kept_us
      from kb.epochs where slice = ${SLICE}),
    span as materialized (
      select through_us, kept_us,
        greatest(${step.fromUs}, kept_us, ${afterOf(sql, step)}) as from_us,
        least(${step.toUs}, through_us) as to_us
      from marks)
    select span.through_us, span.kept_us, s.*
    from span left join lateral (
      ${first === null ? sql`` : reaching}
      select false as reaching, * from ${up ? sql`kb.segments_forth` : sql`kb.segments_back`}(
        ${ids}::int4[], span.from_us, span.to_us, ${wanted}, ${STEP_BYTES}
        ${up ? sql`, ${step.spanUs}` : sql``})) s on true`
  const [marks] = rows
  const found = rows
    .filter((row) => row['place'] !== null)
    .map((row) => ({ row, rank: Number(row['place']) - 1, key: keyOf(row) }))
  const end = rows.find((row) => row['place'] === null)
  const runs = found
    .filter(({ row }) => row['data'] !== null)
    .sort((a, b) => (up ? a.key.firstSeq - b.key.firstSeq : b.key.firstSeq - a.key.firstSeq))
    .map(async ({ row, rank, key }) => {
      const id = step.ids[rank] ?? 0
      const { records } = await readSegment(id, key.firstSeq, row['data'])
      return { rank, run: { ...key, records } }
    })
  const without = (reaching: boolean) =>
    new Map(
      found
        .filter(({ row }) => row['data'] === null && row['reaching'] === reaching)
        .map(({ rank, key }) => [rank, key] as const),
    )
  return {
    throughUs: micros(marks?.['through_us']),
    keptUs: micros(marks?.['kept_us']) as Micros,
    runs: await Promise.all(runs),
    passed: without(true),
    unread: without(false),
    edgeUs: integer(end?.[up ? 'first_us' : 'last_us']) as number,
  }
}

/** No record after that seq came before this. */
function afterOf(sql: Sql, { first, ids }: SegmentStep) {
  const seq = first?.afterSeq ?? null
  return seq === null
    ? sql`0`
    : sql`(select first_us from kb.segment_of_seq(${ids[0] ?? 0}, ${seq}))`
}

function keyOf(row: Record<string, unknown>): SegmentKey {
  return {
    firstSeq: integer(row['first_seq']) as Seq,
    lastSeq: integer(row['last_seq']) as Seq,
    firstUs: micros(row['first_us']) as Micros,
    lastUs: micros(row['last_us']) as Micros,
  }
}
