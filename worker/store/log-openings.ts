import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Gap } from '#core/log'
import { integer, type RawGapRow, type RawLogRow } from '#core/log-row'
import type { Opening, Segment } from '#core/segment'
import { begins, foldRecords } from '#core/segment-fold'
import type { LogPosition, SweptMarket } from './log-sweep.ts'
import { readGaps, readRecords } from './read-rows.ts'
import { readSegment } from './segments.ts'

/** Up to where a market's log is to be folded: a moment, µs, that included, and of it no record after a seq. */
type Mark = {
  readonly market: SweptMarket
  readonly us: number
  readonly seq: number | null
  /** Where the segment is looked for: that which opens the first day that is kept says how the log stood before it. */
  readonly findUs: number
}

/**
 * How the logs of some markets stand after a place in the order (recv, ticker, seq): by market id, in two statements. The
 * first reads segments, the second the hot rows after them: as in book-history, none is read twice and none left out.
 * @param keptUs from when on the log is kept, µs
 * Throws SegmentError and LogRowError for a row that cannot be read, BrokenLogError for a log that cannot be right, and as
 * Postgres does.
 */
export async function openingsAt(
  sql: Sql,
  markets: readonly SweptMarket[],
  place: LogPosition,
  keptUs: Micros,
): Promise<Map<number, Opening>> {
  const marks = markets.map((market) => markOf(market, place, keptUs))
  const asked = marks.map(({ market, findUs, seq }) => ({ id: market.id, us: findUs, seq }))
  const rows = await sql`
    select m.id, s.first_seq, s.data
    from jsonb_to_recordset(${sql.json(asked)}) m (id int4, us int8, seq int8),
    lateral (
      select * from kb.segment_at(m.id, m.us) where m.seq is null
      union all
      select * from kb.segment_of_seq(m.id, m.seq) where m.seq is not null) s`
  const segments = new Map<number, Segment>()
  for (const row of rows) {
    const id = integer(row['id']) as number
    segments.set(id, await readSegment(id, row['first_seq'], row['data']))
  }
  const starts = marks.map((mark) => startOf(mark, segments.get(mark.market.id)))
  const hot = await readTails(sql, starts)
  return new Map(
    starts.map(({ mark: { market }, opening, records }) => [
      market.id,
      closingOf(opening, [...records, ...(hot.get(market.id) ?? [])]),
    ]),
  )
}

function markOf(market: SweptMarket, { recvUs, ticker, seq }: LogPosition, keptUs: Micros): Mark {
  const own = market.ticker === ticker && seq !== Number.MAX_SAFE_INTEGER
  const us = market.ticker > ticker ? recvUs - 1 : recvUs
  return { market, us, seq: own ? seq : null, findUs: Math.max(us, keptUs) }
}

type Start = {
  readonly mark: Mark
  readonly opening: Opening
  readonly records: readonly BookRecord[]
  /** Hot rows count from here on. */
  readonly afterSeq: number
  readonly afterUs: number
}

function startOf(mark: Mark, segment: Segment | undefined): Start {
  const most = mark.seq ?? Number.MAX_SAFE_INTEGER
  const none = { mark, opening: { kind: 'new' }, records: [], afterSeq: -1, afterUs: 0 } as const
  if (segment === undefined || segment.openUs > mark.findUs) return none
  const { opening } = segment
  const before = opening.kind === 'new' ? null : opening
  // It lies after the seq wholly: nothing is left so far back.
  if (before !== null && before.seq > most) return none
  const records = segment.records.filter(({ seq, recv }) => seq <= most && recv <= mark.us)
  const whole = records.length === segment.records.length
  const last = segment.records.at(-1) ?? before
  if (!whole) return { mark, opening, records, afterSeq: most, afterUs: mark.us + 1 }
  return { mark, opening, records, afterSeq: last?.seq ?? -1, afterUs: last?.recv ?? 0 }
}

async function readTails(sql: Sql, starts: readonly Start[]): Promise<Map<number, BookRecord[]>> {
  const asked = starts
    .filter(({ mark, afterUs }) => afterUs <= mark.us)
    .map(({ mark, afterSeq, afterUs }) => ({
      id: mark.market.id,
      after_seq: afterSeq,
      most: mark.seq ?? Number.MAX_SAFE_INTEGER,
      from_us: afterUs,
      to_us: mark.us,
    }))
  const tails = new Map<number, BookRecord[]>()
  if (asked.length === 0) return tails
  const rows = await sql<(RawLogRow & { readonly market_id: number })[]>`
    select d.*
    from jsonb_to_recordset(${sql.json(asked)}) t
      (id int4, after_seq int8, most int8, from_us int8, to_us int8),
    lateral (
      select market_id, seq, recv_us, event_us, kind, side, price, change, size, reason, from_us,
        prev_seq, ladders
      from kb.book_deltas b
      where b.market_id = t.id and b.seq > t.after_seq and b.seq <= t.most
        and b.recv_us between t.from_us and t.to_us) d
    order by d.market_id, d.seq`
  for (const row of rows) {
    const [record] = readRecords(row.market_id, [row])
    const known = tails.get(row.market_id)
    if (record === undefined) continue
    if (known === undefined) tails.set(row.market_id, [record])
    else known.push(record)
  }
  return tails
}

/** What is wrong with a record before the log began anew costs no book after it. */
function closingOf(opening: Opening, records: readonly BookRecord[]): Opening {
  const start = records.findLastIndex(begins)
  return start < 0
    ? foldRecords(opening, records)
    : foldRecords({ kind: 'new' }, records.slice(start))
}

/** Gaps of some markets as they are known now, of each market in the order of seq. */
export type MarketGaps = ReadonlyMap<number, readonly Gap[]>

/** The gaps that contain a moment, µs, strictly. Throws LogRowError for a row that cannot be read, and as Postgres does. */
export function gapsAround(sql: Sql, ids: readonly number[], us: Micros): Promise<MarketGaps> {
  return gapsWhere(sql, ids, sql`from_us < ${us} and (to_us is null or to_us > ${us})`)
}

/** The gaps that begin between two moments, µs, both inclusive. Throws as gapsAround does. */
export function gapsBetween(
  sql: Sql,
  ids: readonly number[],
  fromUs: number,
  toUs: number,
): Promise<MarketGaps> {
  return gapsWhere(sql, ids, sql`from_us between ${fromUs} and ${toUs}`)
}

async function gapsWhere(
  sql: Sql,
  ids: readonly number[],
  where: ReturnType<Sql>,
): Promise<MarketGaps> {
  const rows = await sql<(RawGapRow & { readonly market_id: number })[]>`
    select market_id, seq, cause, from_us, to_us, noticed_us, prev_seq from kb.book_gaps
    where market_id = any(${`{${ids.join(',')}}`}::int4[]) and ${where}
    order by market_id, seq`
  const gaps = new Map<number, Gap[]>()
  for (const row of rows) {
    const known = gaps.get(row.market_id)
    const read = readGaps(row.market_id, [row])
    if (known === undefined) gaps.set(row.market_id, read)
    else known.push(...read)
  }
  return gaps
}
