import type { Sql } from 'postgres'
import type { BookRecord } from '#core/log'
import type { RawLogRow } from '#core/log-row'
import type { Hole } from '#core/swept-log'
import { readRecords } from './read-rows.ts'

/** What lies in a hole between sealed runs, in the direction of the reading. */
export type HoleRead = {
  readonly rank: number
  readonly records: readonly BookRecord[]
  /** There may be more in it. */
  readonly more: boolean
}

/** A hole gives no fewer rows than these in one statement, however many holes there are. */
const LEAST_ROWS = 64

/**
 * Reads the hot rows that lie in holes between sealed runs, in one statement, of each hole only so many.
 * @param ids of the markets, by their ranks
 * @param wanted rows in all; more come when there are many holes
 * Throws LogRowError for a row that cannot be read, and as Postgres does.
 */
export async function readHoles(
  sql: Sql,
  ids: readonly number[],
  order: 'asc' | 'desc',
  holes: readonly Hole[],
  wanted: number,
): Promise<HoleRead[]> {
  if (holes.length === 0) return []
  const limit = Math.max(LEAST_ROWS, Math.ceil(wanted / holes.length))
  const asked = holes.map(({ rank, afterSeq, beforeSeq, fromUs, toUs }, nth) => ({
    nth,
    id: ids[rank],
    after_seq: afterSeq,
    before_seq: beforeSeq,
    from_us: fromUs,
    to_us: toUs,
  }))
  const [lowUs, highUs] = holes.reduce(
    ([low, high], { fromUs, toUs }) => [Math.min(low, fromUs), Math.max(high, toUs)],
    [Number.MAX_SAFE_INTEGER, 0],
  )
  const direction = order === 'asc' ? sql`` : sql`desc`
  const rows = await sql<(RawLogRow & { readonly nth: number })[]>`
    select h.nth, d.*
    from jsonb_to_recordset(${sql.json(asked)}) h
      (nth int4, id int4, after_seq int8, before_seq int8, from_us int8, to_us int8),
    lateral (
      select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
      from kb.book_deltas b
      where b.market_id = h.id and b.seq > h.after_seq and b.seq < h.before_seq
        and b.recv_us between h.from_us and h.to_us and b.recv_us between ${lowUs} and ${highUs}
      order by b.seq ${direction} limit ${limit}) d
    order by h.nth, d.seq ${direction}`
  const byHole = new Map<number, RawLogRow[]>()
  for (const row of rows) {
    const known = byHole.get(row.nth)
    if (known === undefined) byHole.set(row.nth, [row])
    else known.push(row)
  }
  return [...byHole].map(([nth, found]) => {
    const rank = holes[nth]?.rank ?? 0
    return { rank, records: readRecords(ids[rank] ?? 0, found), more: found.length >= limit }
  })
}
