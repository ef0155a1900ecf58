import type { Sql } from 'postgres'
import type { BookRecord } from '#core/log'
import type { RawLogRow } from '#core/log-row'
import { readRecords } from './read-rows.ts'

/** A part of a market's log: seqs after one, up to another, that included. */
export type LogPart = { readonly id: number; readonly after: number; readonly until: number }

/**
 * The hot rows of parts of logs, by the parts' places in the list, of each the first `most`, none where there are none.
 * One statement. Throws as Postgres does.
 */
export async function hotParts(
  sql: Sql,
  parts: readonly LogPart[],
  most: number,
): Promise<ReadonlyMap<number, readonly BookRecord[] | 'unreadable'>> {
  const asked = parts.map((part, place) => ({ place, ...part }))
  const rows = await sql<(RawLogRow & { readonly place: number })[]>`
    select p.place, d.*
    from jsonb_to_recordset(${sql.json(asked)}) p (place int4, id int4, after int8, until int8),
    lateral (
      select seq, recv_us, event_us, kind, side, price, change, size, reason, from_us, prev_seq, ladders
      from kb.book_deltas b
      where b.market_id = p.id and b.seq > p.after and b.seq <= p.until
      order by b.seq limit ${most}) d
    order by p.place, d.seq`
  const byPlace = new Map<number, RawLogRow[]>()
  for (const row of rows) {
    const known = byPlace.get(row.place)
    if (known === undefined) byPlace.set(row.place, [row])
    else known.push(row)
  }
  return new Map(
    [...byPlace].map(([place, found]) => [place, readable(parts[place]?.id ?? 0, found)]),
  )
}

function readable(id: number, rows: readonly RawLogRow[]): readonly BookRecord[] | 'unreadable' {
  try {
    return readRecords(id, rows)
  } catch {
    return 'unreadable'
  }
}
