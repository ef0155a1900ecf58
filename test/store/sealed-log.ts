import { deflateRawSync } from 'node:zlib'
import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { type BookRecord, epochOf, type Seq } from '#core/log'
import { type LogRow, rowOf } from '#core/log-row'
import type { Opening, Segment } from '#core/segment'
import { encodeSegment } from '#core/segment-codec'
import { closingOf, foldRecords } from '#core/segment-fold'
import { segmentRow } from '#core/segment-row'

const DAY = 86_400_000_000

/** Where a run of a market's log is. */
export type Run = {
  readonly records: readonly BookRecord[]
  readonly sealed: boolean
  /** A spool brought it after the runs that follow it had been sealed. */
  readonly late: boolean
}

/** The runs of a log: cut where an epoch or a day begins, and before the records of these numbers. */
export function runsOf(records: readonly BookRecord[], cuts: ReadonlySet<number>): BookRecord[][] {
  const runs: BookRecord[][] = []
  for (const [i, record] of records.entries()) {
    const last = records[i - 1]
    const follows =
      last !== undefined &&
      !cuts.has(i) &&
      epochOf(last.seq) === epochOf(record.seq) &&
      dayOf(last.recv) === dayOf(record.recv)
    if (follows) runs.at(-1)?.push(record)
    else runs.push([record])
  }
  return runs
}

/** The segments of a log whose runs are stored so, in the order in which they are sealed. */
export function segmentsOf(runs: readonly Run[]): Segment[] {
  return [false, true].flatMap((late) =>
    runs.flatMap((run, i) => {
      if (!run.sealed || run.late !== late) return []
      const before = runs.slice(0, i).filter((each) => each.sealed && (late || !each.late))
      return [
        ...daysBefore(run, before),
        segmentOf(run, before),
        ...(late ? daysAfter(runs, i) : []),
      ]
    }),
  )
}

function segmentOf({ records }: Run, before: readonly Run[]): Segment {
  const opening = stateAfter(before)
  const first = (records[0]?.recv ?? 0) as Micros
  const openUs = opening.kind === 'new' ? first : Math.max(opening.recv, dayOf(first))
  return { openUs: openUs as Micros, opening, records }
}

/** Days that begin while nothing new is in the log have a segment without records. */
function daysBefore(run: Run, before: readonly Run[]): Segment[] {
  return emptyDays(stateAfter(before), run.records[0]?.recv ?? 0)
}

/** What is sealed late is what the days after it begin with. */
function daysAfter(runs: readonly Run[], i: number): Segment[] {
  const next = runs.slice(i + 1).find(({ sealed }) => sealed)?.records[0]
  const upTo = runs.slice(0, i + 1).filter(({ sealed }) => sealed)
  return next === undefined ? [] : emptyDays(stateAfter(upTo), next.recv)
}

function emptyDays(opening: Opening, until: number): Segment[] {
  const days: Segment[] = []
  if (opening.kind === 'new' || opening.closed) return days
  for (let day = dayOf(opening.recv) + DAY; day <= until; day += DAY) {
    days.push({ openUs: day as Micros, opening, records: [] })
  }
  return days
}

function stateAfter(runs: readonly Run[]): Opening {
  return foldRecords(
    { kind: 'new' },
    runs.flatMap(({ records }) => records),
  )
}

function dayOf(us: number): number {
  return us - (us % DAY)
}

/** Stores segments as a collector does, each with how far its log is sealed. */
export async function storeSegments(sql: Sql, marketId: number, all: readonly Segment[]) {
  for (const segment of all) {
    const row = segmentRow(segment)
    if (row === null) throw new Error('nothing to store')
    const data = deflateRawSync(encodeSegment(segment))
    const { first_us, first_seq, last_seq, last_us } = row
    const closing = closingOf(segment)
    const over = closing.kind !== 'new' && closing.closed
    const state = over ? 'ended' : closing.kind === 'known' ? 'known' : 'unknown'
    await sql`
      insert into kb.book_segments ${sql({ market_id: marketId, ...row, data } as object)}
      on conflict (market_id, first_us, first_seq) do update set last_seq = excluded.last_seq,
        last_us = excluded.last_us, records = excluded.records, deltas = excluded.deltas, data = excluded.data
      where book_segments.records < excluded.records`
    await sql`
      insert into kb.sealed_logs as s (market_id, first_us, first_seq, last_seq, last_us, state)
      values (${marketId}, ${first_us}, ${first_seq}, ${last_seq}, ${last_us}, ${state})
      on conflict (market_id) do update set first_us = excluded.first_us,
        first_seq = excluded.first_seq, last_seq = excluded.last_seq, last_us = excluded.last_us,
        state = excluded.state
      where (s.first_us, s.first_seq) <= (excluded.first_us, excluded.first_seq)`
  }
}

/** Stores records as hot rows. */
export async function storeHot(sql: Sql, marketId: number, records: readonly BookRecord[]) {
  const rows = records.map((record): LogRow & { market_id: number } => {
    const row = rowOf(record)
    if (row === null) throw new Error('no row')
    return { market_id: marketId, ...row }
  })
  if (rows.length > 0) await sql`insert into kb.book_deltas ${sql(rows)} on conflict do nothing`
}

/** Drops hot rows up to a seq, as the hours that hold them are. */
export async function dropHot(sql: Sql, marketId: number, upTo: Seq) {
  await sql`delete from kb.book_deltas where market_id = ${marketId} and seq <= ${upTo}`
}
