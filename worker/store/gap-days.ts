import type { Sql } from 'postgres'
import { z } from 'zod'
import { type GapDay, type GapLine, printGapDay, readGapDay } from '#core/gap-lines'
import type { Micros } from '#core/instant'
import { GAP_CAUSES } from '#core/log'
import { dayOf } from '#core/sealing'

const DAY_US = 86_400_000_000
/** Gaps are read a second of one cause at a time, of so many seconds those of the most. */
const MOST_SECONDS = 5000

const number = z.coerce.number()
const us = number.transform((value) => value as Micros)
const rows = z.array(
  z.object({
    cause: z.enum(GAP_CAUSES),
    gaps: number,
    open: number,
    from_us: us,
    to_us: z.union([z.null(), us]),
    noticed_us: us,
    last_noticed_us: us,
  }),
)

/**
 * The gaps that ended on a UTC day, by the second in which they were noticed.
 * @param open whether those come too that have not ended; a gap has that is open in a log that ended
 * Throws as Postgres does.
 */
export async function findGaps(sql: Sql, day: Micros, open: boolean): Promise<GapLine[]> {
  const end = day + DAY_US
  const found = await sql`
    with gaps as (
      select cause, from_us, to_us, noticed_us from kb.book_gaps where to_us >= ${day} and to_us < ${end}
      union all
      select g.cause, g.from_us, case when l.state = 'ended' then greatest(l.last_us, g.noticed_us) end, g.noticed_us
      from kb.book_gaps g left join kb.sealed_logs l using (market_id) where g.to_us is null)
    select cause, count(*) as gaps, count(*) filter (where to_us is null) as open, min(from_us) as from_us,
      case when bool_and(to_us is not null) then max(to_us) end as to_us,
      min(noticed_us) as noticed_us, max(noticed_us) as last_noticed_us
    from gaps where (to_us is null and ${open}) or (to_us >= ${day} and to_us < ${end})
    group by cause, noticed_us / 1000000 order by gaps desc limit ${MOST_SECONDS}`
  return rows.parse([...found]).map((row) => ({
    cause: row.cause,
    gaps: row.gaps,
    open: row.open,
    fromUs: row.from_us,
    toUs: row.to_us,
    noticedUs: row.noticed_us,
    lastNoticedUs: row.last_noticed_us,
  }))
}

/** Keeps the lines of a day, where they differ from those that are kept. Throws as Postgres does. */
export async function keepGapDay(
  sql: Sql,
  day: Micros,
  lines: GapDay,
  toldUs: Micros,
): Promise<void> {
  await sql`
    insert into kb.gap_days as d (day_us, lines, told_us) values (${day}, ${printGapDay(lines)}::text::jsonb, ${toldUs})
    on conflict (day_us) do update set lines = excluded.lines, told_us = excluded.told_us
    where d.lines <> excluded.lines and d.told_us <= excluded.told_us`
}

/** Forgets the lines of days before an instant. Throws as Postgres does. */
export async function forgetGapDays(sql: Sql, beforeUs: Micros): Promise<void> {
  await sql`delete from kb.gap_days where day_us < ${dayOf(beforeUs)}`
}

/** The lines of the days from an instant on, each day named by its begin. Throws as Postgres does. */
export async function readGapDays(
  sql: Sql,
  fromUs: Micros,
): Promise<(GapDay & { readonly day: Micros })[]> {
  const found = await sql`
    select day_us, lines::text from kb.gap_days where day_us >= ${dayOf(fromUs)}`
  return found.map((row) => {
    return { day: us.parse(row['day_us']), ...readGapDay(JSON.parse(String(row['lines']))) }
  })
}
