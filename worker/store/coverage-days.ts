import type { Sql } from 'postgres'
import { z } from 'zod'
import type { DayCoverage } from '#core/day-coverage'
import type { DayTold } from '#core/days-due'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'
import { dayOf } from '#core/sealing'
import { SLICE } from './slice.ts'

const DAY_US = 86_400_000_000
/** A gap is stored so long after it was noticed at most, µs. */
const STORED_US = 2 * 60_000_000

const number = z.coerce.number()
const counts = z.record(z.string(), z.number())
const us = number.transform((value) => value as Micros)
const rows = z.array(
  z.object({
    day_us: us,
    markets: number,
    records: number,
    deltas: number,
    known_s: number,
    gap_s: number,
    causes: z.string().transform((text) => counts.parse(JSON.parse(text))),
    through_us: us,
    told_us: us,
  }),
)

/**
 * Counts what is held of a UTC day of all logs, in one statement: of segments and the begins and ends of logs only keys are
 * read, of hot rows only those that are not sealed. It is for the schedule: with thousands of markets it takes up to a
 * second. Null before the first epoch. Throws as Postgres does.
 */
export async function countDay(sql: Sql, day: Micros, nowUs: Micros): Promise<DayCoverage | null> {
  const end = day + DAY_US
  const [row] = await sql`
    with marks as materialized (
      select least(max(recorded_through_us), ${end}::int8) as through_us,
        greatest(${day}::int8, kb.kept_from('segments')) as from_us
      from kb.epochs where slice = ${SLICE}),
    sealed as materialized (
      select market_id, sum(records) as records, sum(deltas) as deltas
      from kb.book_segments where first_us >= ${day}::int8 and first_us < ${end}::int8 group by market_id),
    logged as (
      select market_id from sealed
      union select market_id from kb.sealed_logs where state <> 'ended'
      -- What has never been sealed began lately.
      union select market_id from kb.log_begins where first_us >= ${day - DAY_US}::int8 and first_us < ${end}::int8),
    logs as materialized (
      select l.market_id, coalesce(s.records, 0) as records, coalesce(s.deltas, 0) as deltas,
        coalesce(e.last_seq, -1) as sealed_seq, greatest(b.first_us, m.from_us) as from_us,
        least(m.through_us, case when e.state = 'ended' then e.last_us end) as to_us
      from marks m cross join logged l
      join kb.log_begins b using (market_id)
      left join sealed s using (market_id)
      left join kb.sealed_logs e using (market_id)),
    held as materialized (
      select logs.*, hot.records as hot, hot.deltas as hot_deltas
      from logs cross join lateral (
        select count(*) as records, count(*) filter (where kind = 1) as deltas from kb.book_deltas d
        where d.market_id = logs.market_id and d.seq > logs.sealed_seq
          and d.recv_us >= ${day}::int8 and d.recv_us < ${end}::int8) hot
      where logs.from_us <= logs.to_us),
    gaps as materialized (
      select g.market_id, g.cause, greatest(g.from_us, h.from_us) as from_us,
        greatest(h.from_us, least(coalesce(g.to_us, h.to_us), h.to_us)) as to_us
      from kb.book_gaps g join held h using (market_id)
      where (g.to_us > ${day}::int8 or g.to_us is null) and g.from_us < h.to_us
        and (g.to_us is null or g.to_us > h.from_us)),
    lost as (
      select sum(upper(part) - lower(part)) as us
      from (select range_agg(int8range(from_us, to_us)) as parts from gaps group by market_id) each,
        unnest(each.parts) part)
    select ${day}::int8 as day_us, count(*) as markets, coalesce(sum(records + hot), 0) as records,
      coalesce(sum(deltas + hot_deltas), 0) as deltas,
      floor((coalesce(sum(to_us - from_us), 0) - coalesce((select us from lost), 0)) / 1000000) as known_s,
      ceil(coalesce((select us from lost), 0) / 1000000) as gap_s,
      (select coalesce(jsonb_object_agg(cause, n), '{}')::text
        from (select cause, count(*) as n from gaps group by cause) c) as causes,
      (select through_us from marks) as through_us, ${nowUs}::int8 as told_us
    from held`
  return row?.['through_us'] === null ? null : (readDays([row])[0] ?? null)
}

/** Keeps what was counted of a day, in place of what was counted before. Throws as Postgres does. */
export async function keepDay(sql: Sql, counted: DayCoverage): Promise<void> {
  const { day, markets, records, deltas, knownS, gapS, causes, throughUs, toldUs } = counted
  await sql`
    insert into kb.coverage_days as d (day_us, markets, records, deltas, known_s, gap_s, causes, through_us, told_us)
    values (${day}, ${markets}, ${records}, ${deltas}, ${knownS}, ${gapS}, ${JSON.stringify(causes)}::text::jsonb,
      ${throughUs}, ${toldUs})
    on conflict (day_us) do update set markets = excluded.markets, records = excluded.records,
      deltas = excluded.deltas, known_s = excluded.known_s, gap_s = excluded.gap_s, causes = excluded.causes,
      through_us = excluded.through_us, told_us = excluded.told_us
    where d.told_us <= excluded.told_us`
}

/**
 * From when on logs are held, and how each day from one on was counted last: those are reopened of which the last day's gaps
 * tell what was not known then. Throws as Postgres does.
 */
export async function readTold(
  sql: Sql,
  fromUs: Micros,
  nowUs: Micros,
): Promise<{ readonly firstUs: Micros | null; readonly told: ReadonlyMap<Micros, DayTold> }> {
  const [[first], days, late] = await Promise.all([
    sql`
      select case when count(*) > 0 then greatest(min(first_us), kb.kept_from('segments')) end as first_us
      from (select first_us from kb.log_begins order by first_us limit 1) oldest`,
    readCoverageDays(sql, fromUs),
    sql`
      with late as materialized (
        select from_us, noticed_us from (
          select from_us, noticed_us from kb.book_gaps where to_us >= ${nowUs - DAY_US}
          union all select from_us, noticed_us from kb.book_gaps where to_us is null) gaps
        where noticed_us >= ${nowUs - DAY_US}
          and from_us / ${DAY_US}::int8 < noticed_us / ${DAY_US}::int8)
      select day_us from kb.coverage_days d where day_us >= ${dayOf(fromUs)} and exists (
        select from late where noticed_us >= d.told_us - ${STORED_US} and from_us < d.day_us + ${DAY_US})`,
  ])
  const reopened = new Set(late.map((row) => micros(row['day_us'])))
  return {
    firstUs: micros(first?.['first_us']),
    told: new Map(
      days.map(({ day, toldUs, throughUs }) => {
        return [day, { toldUs, throughUs, reopened: reopened.has(day) }]
      }),
    ),
  }
}

/** What was counted of the days from an instant on, the newest first. Throws as Postgres does. */
export async function readCoverageDays(sql: Sql, fromUs: Micros): Promise<DayCoverage[]> {
  return readDays(
    await sql`
    select day_us, markets, records, deltas, known_s, gap_s, causes::text, through_us, told_us
    from kb.coverage_days where day_us >= ${dayOf(fromUs)} order by day_us desc`,
  )
}

/**
 * What was counted of today last, which is some minutes ago: records are what customers are sent as messages. Null when
 * nothing was counted yet. For pages; throws as Postgres does.
 */
export async function readToday(sql: Sql, nowUs: Micros): Promise<DayCoverage | null> {
  return (await readCoverageDays(sql, nowUs))[0] ?? null
}

function readDays(given: Iterable<unknown>): DayCoverage[] {
  return rows.parse([...given]).map((row) => ({
    day: row.day_us,
    markets: row.markets,
    records: row.records,
    deltas: row.deltas,
    knownS: row.known_s,
    gapS: row.gap_s,
    causes: row.causes,
    throughUs: row.through_us,
    toldUs: row.told_us,
  }))
}
