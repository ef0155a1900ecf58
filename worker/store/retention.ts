import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'

/** What is kept from a day on: the log with all books, trades, quotes, or gaps. */
export type KeptKind = 'segments' | 'trades' | 'quotes' | 'gaps'

/**
 * From when on all of these kinds are kept, µs; 0 when nothing was dropped. What lies before is not covered: a reader of
 * several statements asks in or after its last one, as a day may be dropped between them. Throws as Postgres does.
 */
export async function keptFrom(sql: Sql, ...kinds: readonly KeptKind[]): Promise<Micros> {
  const [row] = await sql`
    select coalesce(max(kept_from_us), 0) as us from kb.retention
    where kind in (select jsonb_array_elements_text(${sql.json([...kinds])}))`
  return micros(row?.['us']) ?? (0 as Micros)
}
