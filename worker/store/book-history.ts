import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Gap, Seq } from '#core/log'
import { integer, LogRowError, micros, type RawGapRow, type RawLogRow } from '#core/log-row'
import type { PastBook, Reach } from '#core/past-book'
import type { Opening } from '#core/segment'
import { BrokenLogError, begins } from '#core/segment-fold'
import type { SegmentState } from '#core/segment-state'
import type { Ticker } from '#core/ticker'
import { type Ask, askBy, type Cells } from './ask.ts'
import { readGaps, readRecords } from './read-rows.ts'
import { readSegmentState } from './segments.ts'

/** Which past book: as of a moment (inclusive), after a record, or after the last one stored. */
export type HistoryPoint = { readonly us: Micros } | { readonly seq: Seq } | 'last'

/** What of a market a book's answer says. */
export type BookMarket = {
  readonly id: number
  readonly ticker: Ticker
  readonly event: string
  /** The exchange's word. */
  readonly status: string
}

/** A market, and what its book at a point is folded from: `unsealed` when that is more than is read at once. */
export type MarketHistory = {
  readonly market: BookMarket
  readonly past: PastBook | 'unsealed'
}

/**
 * Unsealed rows of one market that are read at once. A run is sealed at 512 records, so that a healthy store has fewer; a
 * sealer that lags behind, or has stopped, leaves more. Of many markets, each has its share, and never less than `LEAST`.
 */
const MOST_ROWS = 20_000
const LEAST_ROWS = 2000
const ROWS_OF_ALL = 100_000

const COLUMNS = `market_id, ticker, event, status, through_us,
  segment_seq, segment, hot_rows, hot, gaps`

/**
 * Reads, in one statement and so in one state of the store, what the books of markets at a point are folded from, in the
 * order asked; unknown tickers are left out. A caller that asks for a moment beyond `throughUs` gets what is stored so far, and
 * must say so. Throws SegmentError and LogRowError for what cannot be read, and as Postgres does.
 */
export async function historiesAt(
  ask: Ask,
  tickers: readonly string[],
  point: HistoryPoint,
): Promise<readonly MarketHistory[]> {
  const rows = mostRows(tickers.length)
  const found = await ask({
    text: `select ${COLUMNS} from kb.past_books($1, $2, $3, $4)`,
    params: [`{${tickers.join(',')}}`, ...pointParams(point), String(rows)],
  })
  return found.map((row) => historyOf(row, point))
}

/** What of markets a book's answer says, in no particular order; unknown tickers are left out. Throws as Postgres does. */
export async function findBookMarkets(
  ask: Ask,
  tickers: readonly string[],
): Promise<readonly BookMarket[]> {
  const rows = await ask({
    text: 'select id, ticker, event_ticker, status from kb.markets where ticker = any ($1)',
    params: [`{${tickers.join(',')}}`],
  })
  return rows.map(marketOf)
}

/** An event's markets, and how far the record reaches. */
export type EventMarkets = {
  readonly markets: readonly BookMarket[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/**
 * What of an event's markets a book's answer says, by ticker and not more than `most`; null when we know no such event.
 * Throws as Postgres does.
 */
export async function findEventMarkets(
  ask: Ask,
  event: string,
  most: number,
): Promise<EventMarkets | null> {
  const rows = await ask({
    text: `select w.us, e.ticker, m.id, m.ticker, m.event_ticker, m.status
      from (select max(recorded_through_us) as us from kb.epochs where slice = 0) w
      left join kb.events e on e.ticker = $1
      left join lateral (
        select * from kb.markets where event_ticker = $1 order by ticker limit $2) m on true
      order by m.ticker`,
    params: [event, String(most)],
  })
  const markets = rows.filter(([, , id]) => id !== null).map((row) => marketOf(row.slice(2)))
  const [throughUs, known = null] = rows[0] ?? []
  return known === null && markets.length === 0 ? null : { markets, throughUs: micros(throughUs) }
}

/** What one market's book is folded from, by its id, whether it is known or not. Throws LogRowError when too much of it is unsealed too. */
export async function historyAt(
  sql: Sql,
  marketId: number,
  point: HistoryPoint,
): Promise<PastBook> {
  const [row = []] = await askBy(sql)({
    text: `select $1, '', '', '', (select max(recorded_through_us) from kb.epochs where slice = 0), b.*
      from kb.past_book($1::int, $2, $3, $4) b`,
    params: [String(marketId), ...pointParams(point), String(MOST_ROWS)],
  })
  const { past } = historyOf(row, point)
  if (past === 'unsealed') throw new LogRowError('row_unreadable', marketId, 'of too many')
  return past
}

/** A market of which somebody has the records up to a seq. */
export type FollowedMarket = { readonly ticker: string; readonly seq: number }

/**
 * What the books after these records are folded from, by the markets' places in the list: their ids, and null where it cannot
 * be told. Unknown tickers are left out. One statement. Throws as Postgres does.
 */
export async function historiesAfter(
  ask: Ask,
  followed: readonly FollowedMarket[],
): Promise<ReadonlyMap<number, { readonly id: number; readonly past: PastBook | null }>> {
  const rows = await ask({
    text: `select f.place, m.id, '', '', '', null, b.*
      from jsonb_to_recordset($1::text::jsonb) f (place int4, ticker text, seq int8)
      join kb.markets m on m.ticker = f.ticker
      cross join lateral kb.past_book(m.id, null, f.seq, $2) b`,
    params: [
      JSON.stringify(followed.map((one, place) => ({ place, ...one }))),
      String(mostRows(followed.length)),
    ],
  })
  return new Map(
    rows.map(([at, ...row]) => {
      const place = integer(at) ?? -1
      const seq = (followed[place]?.seq ?? 0) as Seq
      return [place, { id: integer(row[0]) ?? 0, past: readable(row, seq) }]
    }),
  )
}

/** One log that cannot be read does not keep anybody from the others. */
function readable(row: Cells, seq: Seq): PastBook | null {
  try {
    const { past } = historyOf(row, { seq })
    return past === 'unsealed' ? null : past
  } catch {
    return null
  }
}

/**
 * Where the record of each of these markets begins, as far as it is kept, and how far it reaches: by market id.
 * Throws as Postgres does.
 */
export async function reachesOf(
  ask: Ask,
  marketIds: readonly number[],
): Promise<ReadonlyMap<number, Reach>> {
  const rows = await ask({
    text: `select m.id, kb.log_begin(m.id),
        (select max(recorded_through_us) from kb.epochs where slice = 0)
      from unnest($1::int[]) m (id)`,
    params: [`{${marketIds.join(',')}}`],
  })
  return new Map(
    rows.map(([id, firstUs, throughUs]) => {
      const recvUs = micros(firstUs)
      const first = recvUs === null ? null : { recvUs }
      return [integer(id) ?? 0, { first, throughUs: micros(throughUs) }]
    }),
  )
}

function mostRows(markets: number): number {
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, Math.floor(ROWS_OF_ALL / markets)))
}

function pointParams(point: HistoryPoint): [string | null, string | null] {
  if (point === 'last') return [null, null]
  return 'us' in point ? [String(point.us), null] : [null, String(point.seq)]
}

function historyOf(row: Cells, point: HistoryPoint): MarketHistory {
  const market = marketOf(row)
  const [throughUs, segmentSeq, segmentText, hotRows, hotText, gaps] = row.slice(4)
  if (hotText === null && hotRows !== '0') return { market, past: 'unsealed' }
  const upTo = limitOf(point)
  const packed = segmentText ? Buffer.from(segmentText, 'base64') : null
  const segment = packed && readSegmentState(market.id, segmentSeq, packed, upTo)
  const rows = readRecords(market.id, hotText ? rowsOf(hotText) : [])
  const { opening, records } = joined(segment, rows, upTo)
  const last = records.at(-1) ?? (opening.kind === 'new' ? undefined : opening)
  const instant = point !== 'last' && 'us' in point ? point.us : last?.recv
  const contains = ({ from, to }: Gap) =>
    instant !== undefined && from < instant && (to === null || to > instant)
  const overlay = gaps ? readGaps(market.id, JSON.parse(gaps) as RawGapRow[]) : []
  return {
    market,
    past: {
      opening,
      records,
      gaps: overlay.filter(contains),
      touching: overlay.filter((gap) => !contains(gap)),
      throughUs: micros(throughUs),
    },
  }
}

type Limit = { readonly seq: Seq; readonly us: Micros }

/**
 * How a log stood after a segment, and the rows that follow it. None is read twice: what the segment holds is left out by its
 * seq, however much of it is still hot. Throws BrokenLogError for a segment that is broken at the point, if nothing after it
 * begins the log anew.
 */
function joined(
  segment: SegmentState | null,
  rows: readonly BookRecord[],
  upTo: Limit,
): Pick<PastBook, 'opening' | 'records'> {
  const fresh: Opening = { kind: 'new' }
  // It begins later: up to the point all is in hot rows.
  if (segment === null || segment.openUs > upTo.us) return { opening: fresh, records: rows }
  const { state, after } = segment
  const records =
    after === null ? rows : rows.filter(({ seq, recv }) => seq > after.seq && recv >= after.recv)
  if (state !== null) return { opening: state, records }
  const start = records.findLastIndex(begins)
  if (start < 0) throw new BrokenLogError(`a segment is broken before ${after?.seq ?? 'its end'}`)
  return { opening: fresh, records: records.slice(start) }
}

function marketOf([id, ticker, event, status]: Cells): BookMarket {
  return {
    id: integer(id) ?? 0,
    ticker: (ticker ?? '') as Ticker,
    event: event ?? '',
    status: status ?? '',
  }
}

/** Rows as kb.past_book prints them: of a delta, the columns that only others have are left out. */
function rowsOf(text: string): RawLogRow[] {
  const rows = JSON.parse(text) as readonly (readonly unknown[])[]
  return rows.map((row) => ({
    seq: row[0],
    recv_us: row[1],
    event_us: row[2],
    kind: row[3],
    side: row[4],
    price: row[5],
    change: row[6],
    size: row[7],
    reason: row[8] ?? null,
    from_us: row[9] ?? null,
    prev_seq: row[10] ?? null,
    ladders: row[11] ?? null,
  }))
}

function limitOf(point: HistoryPoint): Limit {
  const none = Number.MAX_SAFE_INTEGER
  const seq = point !== 'last' && 'seq' in point ? point.seq : (none as Seq)
  const us = point !== 'last' && 'us' in point ? point.us : (none as Micros)
  return { seq, us }
}
