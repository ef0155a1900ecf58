import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'
import type { Ticker } from '#core/ticker'

/** From when on a market's log is kept, µs; null when nothing of it is recorded yet. Throws as Postgres does. */
export async function readLogBegin(sql: Sql, ticker: Ticker): Promise<Micros | null> {
  const [row] = await sql`
    select kb.log_begin(id) as begin_us from kb.markets where ticker = ${ticker}`
  return micros(row?.['begin_us'])
}
