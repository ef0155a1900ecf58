import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'
import { SLICE } from './slice.ts'

/** From when on anything is recorded of some markets, and up to when. */
export type LogBegin = {
  /** The first record of any of them, or from when on the log is kept; null when there is none. */
  readonly firstUs: Micros | null
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
  /** From when on the log is kept; 0 when nothing was dropped. */
  readonly keptUs: Micros
}

/** When the logs of these markets begin. Throws as Postgres does. */
export async function logBegin(sql: Sql, ids: readonly number[]): Promise<LogBegin> {
  const [row] = await sql`
    select kb.kept_from('segments') as kept_us,
      (select max(recorded_through_us) from kb.epochs where slice = ${SLICE}) as through_us,
      (select min(kb.log_begin(id)) from unnest(${`{${ids.join(',')}}`}::int4[]) m (id)) as first_us`
  return {
    firstUs: micros(row?.['first_us']),
    throughUs: micros(row?.['through_us']),
    keptUs: micros(row?.['kept_us']) as Micros,
  }
}
