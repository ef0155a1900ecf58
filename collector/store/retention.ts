import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer } from '#core/log-row'
import type { CollectorConfig } from '../config.ts'
import { logEvent } from '../log-event.ts'

/** How many whole days of each kind are kept, 0 for all. */
export type Retention = Pick<
  CollectorConfig,
  'RETAIN_SEGMENT_DAYS' | 'RETAIN_TRADE_DAYS' | 'RETAIN_QUOTE_DAYS'
>

/** So many days of a kind go at one time at most; the rest with later calls. */
const DAYS_AT_ONCE = 10

/** A day that was dropped, or the oldest one that should go and cannot yet. */
export type DayOutcome = {
  readonly kind: 'segments' | 'trades' | 'quotes'
  /** When the day began. */
  readonly dayUs: Micros
  readonly outcome: 'dropped' | 'unsealed' | 'open' | 'locked'
}

/** Drops the days that are older than what is kept, each kind's oldest first. Throws as Postgres does. */
export async function dropOldDays(sql: Sql, retention: Retention): Promise<DayOutcome[]> {
  const kinds = [
    ['segments', retention.RETAIN_SEGMENT_DAYS],
    ['trades', retention.RETAIN_TRADE_DAYS],
    ['quotes', retention.RETAIN_QUOTE_DAYS],
  ] as const
  const outcomes: DayOutcome[] = []
  for (const [kind, days] of kinds) {
    if (days === 0) continue
    for (let nth = 0; nth < DAYS_AT_ONCE; nth++) {
      const [row] = await sql`select * from kb.drop_oldest_day(${kind}::text, ${days}::int4)`
      const outcome = String(row?.['outcome'])
      if (outcome === 'absent' || outcome === 'young') break
      const day = {
        kind,
        dayUs: integer(row?.['low_us']) as Micros,
        outcome: outcome as DayOutcome['outcome'],
      }
      logEvent('day_looked_at', day)
      outcomes.push(day)
      if (outcome !== 'dropped') break
    }
  }
  return outcomes
}
