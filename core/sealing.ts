import type { Micros } from './instant.ts'
import { type BookRecord, epochOf } from './log.ts'
import type { PackedRecords } from './packed-records.ts'
import { shardOf } from './shard.ts'
import type { Ticker } from './ticker.ts'

/** A run of this many records is sealed at once. */
export const RUN_RECORDS = 512
/** As is one whose records take so many bytes, which a reader must be able to hold. */
export const RUN_BYTES = 256 * 1024

const SECOND_US = 1_000_000
const HOUR_US = 3600 * SECOND_US
const DAY_US = 24 * HOUR_US
/** All of an hour is sealed within 15 minutes of its end; the last three are left for what is late. */
const SPREAD_SECONDS = 12 * 60

/** The start of the UTC hour of an instant. */
export function hourOf(us: Micros): Micros {
  return (us - (us % HOUR_US)) as Micros
}

/** The start of the UTC day of an instant. */
export function dayOf(us: Micros): Micros {
  return (us - (us % DAY_US)) as Micros
}

/** The start of the hour after an instant's. */
export function nextHour(us: Micros): Micros {
  return (hourOf(us) + HOUR_US) as Micros
}

/** Whether a run holds all that one segment may. */
export function isFull(run: PackedRecords): boolean {
  return run.count >= RUN_RECORDS || run.size >= RUN_BYTES
}

/**
 * Whether a record may follow in the same run: none spans two UTC days, so that a day can be moved elsewhere whole, or two
 * epochs, so that records of the first that come late find their place between two runs.
 */
export function continues(run: PackedRecords, record: BookRecord): boolean {
  return (
    !isFull(run) &&
    epochOf(record.seq) === run.epoch &&
    record.recv >= run.last.recv &&
    dayOf(record.recv) === dayOf(run.first.recv)
  )
}

/** How long after an hour's end a market's turn comes, µs: not all at once. */
export function turnOf(market: Ticker): number {
  return shardOf(market, SPREAD_SECONDS) * SECOND_US
}

/** When a run is sealed although it is not full: in its market's turn after the end of its first record's hour. */
export function sealedAt(run: PackedRecords, turnUs: number): Micros {
  return (nextHour(run.first.recv) + turnUs) as Micros
}

/**
 * The starts of the days between two moments. A log has a segment without records at each of them, so that a look at one
 * day finds the book that it opens with. More than a year of them is not made up.
 * @param last recv of the log's last record, or where a later segment begins
 * @param next recv of the next record, or, while there is none, a moment before which none can come
 */
export function dayStarts(last: Micros, next: Micros): Micros[] {
  const days: Micros[] = []
  const first = Math.max(dayOf(last) + DAY_US, dayOf(next) - 366 * DAY_US)
  for (let day = first; day < next; day += DAY_US) days.push(day as Micros)
  return days
}
