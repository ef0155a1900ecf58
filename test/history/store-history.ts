import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Segment } from '#core/segment'
import { foldRecords } from '#core/segment-fold'
import { segmentsOf, storeHot, storeSegments } from '../store/sealed-log.ts'
import type { MadeHistory } from './made-history.ts'
import type { MadeMarket } from './made-market.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR

/** What became of the hours of the log that were to be dropped. */
export type Dropped = Readonly<Record<string, number>>

/** Writes a made-up store, by its owner; then drops every other of the hours that are sealed, as a collector does. */
export async function storeHistory(sql: Sql, made: MadeHistory): Promise<Dropped> {
  const start = made.leases[0]?.opened ?? 0
  // The last hours and days have no partitions of their own.
  await sql`select kb.make_book_partitions(${start}, 70)`
  await sql`select kb.make_segment_partitions(${start}, 3)`
  for (const { epoch, opened, through, until } of made.leases) {
    const recorded = until > made.through ? made.through : through
    await sql`
      insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
      values (0, ${epoch}, ${`lease-${epoch}`}, ${opened}, ${recorded})`
  }
  const queue = [...made.markets]
  const store = async () => {
    for (let market = queue.pop(); market !== undefined; market = queue.pop()) {
      await storeMarket(sql, market, made)
    }
  }
  await Promise.all([store(), store(), store()])
  await sql`analyze`
  return dropHours(sql, start, made.sealedUntil)
}

async function storeMarket(sql: Sql, market: MadeMarket, made: MadeHistory): Promise<void> {
  const { ticker, event, records, gaps, runs } = market
  const seen = records[0]?.recv ?? made.leases[0]?.opened ?? 0
  const [row] = await sql`
    insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
      first_seen_us, updated_us)
    values (${ticker}, ${event}, 'KXMADE', 'A question', 'binary', 'active', '{}', ${seen}, ${seen})
    returning id`
  const id = Number(row?.['id'])
  if (records.length > 0) await sql`insert into kb.log_begins values (${id}, ${seen})`
  await storeSegments(sql, id, [...segmentsOf(runs), ...laterDays(market, made.through)])
  for (let i = 0; i < records.length; i += 1000) await storeHot(sql, id, records.slice(i, i + 1000))
  for (const { seq, cause, from, to, noticed, prevSeq } of gaps) {
    await sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us, prev_seq)
      values (${id}, ${seq}, ${cause}, ${from}, ${to}, ${noticed}, ${prevSeq})`
  }
}

/** A log that is sealed to its end, and open, has a segment in each day since. */
function laterDays({ runs }: MadeMarket, through: Micros): Segment[] {
  const last = runs.at(-1)
  if (last === undefined || !last.sealed) return []
  const records = runs.flatMap((run) => (run.sealed ? run.records : []))
  const opening = foldRecords({ kind: 'new' }, records)
  const days: Segment[] = []
  if (opening.kind === 'new' || opening.closed) return days
  const after = opening.recv - (opening.recv % DAY) + DAY
  for (let day = after; day <= through; day += DAY) {
    days.push({ openUs: day as Micros, opening, records: [] })
  }
  return days
}

async function dropHours(sql: Sql, start: number, until: number): Promise<Dropped> {
  const dropped: Record<string, number> = {}
  for (let hour = start - (start % HOUR); hour < until; hour += 2 * HOUR) {
    const [row] = await sql`select kb.drop_book_partition(${hour}, 0, 0) as outcome`
    const outcome = String(row?.['outcome'])
    dropped[outcome] = (dropped[outcome] ?? 0) + 1
  }
  return dropped
}
