import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer } from '#core/log-row'
import { nextHour } from '#core/sealing'
import { logEvent } from '../log-event.ts'
import { ensureTradePartitions } from './trades.ts'

const MINUTE_US = 60_000_000
/** All of an hour is sealed so long after its end; readers who saw it unsealed then have a while to finish. */
const SEALED_AFTER_US = 15 * MINUTE_US
const REST_US = 10 * MINUTE_US
const HOURS_AHEAD = 3
const DAYS_AHEAD = 3

/**
 * Makes the hourly and daily partitions that the log and the trades need now and soon, and gives rows that came before theirs stood a
 * place of their own. Throws as Postgres does, also when the lock is not had within 2 s: rows go to the default
 * partition until a later call.
 * @returns hours of which rows had fallen into the default partition: a fault that somebody should look at
 */
export async function makePartitions(sql: Sql, nowUs: Micros): Promise<number> {
  await ensurePartitions(sql, nowUs, HOURS_AHEAD)
  await ensureSegmentPartitions(sql, nowUs, DAYS_AHEAD)
  await ensureTradePartitions(sql, nowUs, DAYS_AHEAD)
  const hours = await sql`select kb.default_book_hours() as low_us`
  for (const row of hours) {
    const hour = integer(row['low_us']) as Micros
    logEvent('partition_was_missing', { hour })
    await ensurePartitions(sql, hour, 1)
  }
  const days = await sql`select kb.default_segment_days() as low_us`
  for (const row of days) {
    await ensureSegmentPartitions(sql, integer(row['low_us']) as Micros, 1)
  }
  return hours.length
}

/**
 * Makes the log's hourly partitions that are missing, from the hour of `fromUs` on.
 * @returns how many were made
 * Throws as Postgres does.
 */
export async function ensurePartitions(sql: Sql, fromUs: Micros, hours: number): Promise<number> {
  const [row] = await sql`select kb.make_book_partitions(${fromUs}::int8, ${hours}::int4) as made`
  return integer(row?.['made']) ?? 0
}

/** Makes the segments' daily partitions that are missing, from the day of `fromUs` on. Throws as Postgres does. */
export async function ensureSegmentPartitions(
  sql: Sql,
  fromUs: Micros,
  days: number,
): Promise<number> {
  const [row] = await sql`select kb.make_segment_partitions(${fromUs}::int8, ${days}::int4) as made`
  return integer(row?.['made']) ?? 0
}

/** How many hours of the log there were for each answer of `kb.drop_book_partition`. */
export type DroppedHours = Readonly<Record<string, number>>

/**
 * Drops the hours of the log whose records have all been in segments for a while. Throws as Postgres does.
 * @param minAgeUs how long after its end an hour is left alone
 * @param restUs how long an hour that is sealed is left for its last readers
 */
export async function dropSealedHours(
  sql: Sql,
  nowUs: Micros,
  minAgeUs = SEALED_AFTER_US,
  restUs = REST_US,
): Promise<DroppedHours> {
  const outcomes: Record<string, number> = {}
  for (const hour of await hoursOf(sql)) {
    if (nextHour(hour) + minAgeUs > nowUs) continue
    const [row] = await sql`
      select kb.drop_book_partition(${hour}::int8, ${minAgeUs}::int8, ${restUs}::int8) as outcome`
    const outcome = String(row?.['outcome'])
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (outcome !== 'resting') logEvent('hour_looked_at', { hour, outcome })
  }
  return outcomes
}

/** The hours that have a partition, oldest first. */
async function hoursOf(sql: Sql): Promise<Micros[]> {
  const rows = await sql`
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'kb.book_deltas'::regclass order by c.relname`
  return rows.flatMap((row) => {
    const [, year, month, day, hour] =
      /_(\d{4})(\d\d)(\d\d)t(\d\d)$/.exec(String(row['relname'])) ?? []
    if (hour === undefined) return []
    const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour))
    return [(ms * 1000) as Micros]
  })
}
