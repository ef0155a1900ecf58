import type { Micros } from '#core/instant'
import type { EndReason, Seq } from '#core/log'
import { integer, micros } from '#core/log-row'
import type { Ask, Cells } from './ask.ts'
import { readSegment } from './segments.ts'
import { SLICE } from './slice.ts'

/** A place in a market's log. */
export type LogPlace = { readonly recvUs: Micros; readonly seq: Seq }

/** From where to where a market's log is stored. */
export type LogSpan = {
  readonly marketId: number
  readonly first: LogPlace | null
  readonly last: LogPlace | null
  /** Why the log is closed now; null while it is open. */
  readonly ended: EndReason | null
  /** What is older has been dropped, µs; 0 when nothing was. */
  readonly keptFromUs: Micros
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/**
 * Reads from where to where the log of a ticker's market is stored; null when we know no such market. One statement; two once
 * the log is closed and all of it sealed. Throws SegmentError for a segment that cannot be read, and as Postgres does.
 */
export async function readLogSpan(ask: Ask, ticker: string): Promise<LogSpan | null> {
  const [row] = await ask({
    text: `
      select m.id, w.through_us, kb.kept_from('segments'), begins.first_seq, begins.first_us,
        hot_first.seq, hot_first.recv_us, sealed.last_seq, sealed.last_us, sealed.state,
        hot.seq, hot.recv_us, hot.kind, hot.reason
      from kb.markets m
      cross join (
        select max(recorded_through_us) as through_us from kb.epochs where slice = $2::int4) w
      left join lateral kb.segment_after(m.id, -1) begins on true
      left join lateral (
        select seq, recv_us from kb.book_deltas
        where market_id = m.id order by seq limit 1) hot_first on true
      left join kb.sealed_logs sealed on sealed.market_id = m.id
      left join lateral (
        select seq, recv_us, kind, reason from kb.book_deltas
        where market_id = m.id order by seq desc limit 1) hot on true
      where m.ticker = $1`,
    params: [ticker, String(SLICE)],
  })
  if (row === undefined) return null
  const marketId = integer(row[0]) as number
  const [begins, hotFirst] = [placeOf(row, 3), placeOf(row, 5)]
  const [sealed, hot] = [placeOf(row, 7), placeOf(row, 10)]
  const earlier = begins === null || (hotFirst !== null && hotFirst.seq < begins.seq)
  const first = earlier ? hotFirst : begins
  const later = sealed === null || (hot !== null && hot.seq >= sealed.seq)
  const hotEnd = row[12] === '3' ? (row[13] as EndReason) : null
  const sealedLast = async () => (row[9] === 'ended' ? sealedEnd(ask, marketId) : null)
  return {
    marketId,
    first,
    // Of a log of which nothing is left, sealed_logs still tells.
    last: first && (later ? hot : sealed),
    ended: later ? hotEnd : await sealedLast(),
    keptFromUs: micros(row[2]) ?? (0 as Micros),
    throughUs: micros(row[1]),
  }
}

/** How the last segment of a log that is closed closes it; null when nothing is left of it. */
async function sealedEnd(ask: Ask, marketId: number): Promise<EndReason | null> {
  const [row] = await ask({
    text: `select first_seq, encode(data, 'base64') from kb.segment_at($1::int4, $2::int8, true)`,
    params: [String(marketId), String(Number.MAX_SAFE_INTEGER)],
  })
  if (row === undefined) return null
  const { records } = readSegment(marketId, row[0], Buffer.from(row[1] ?? '', 'base64'))
  const last = records.at(-1)
  return last?.kind === 'end' ? last.reason : null
}

/** The place whose seq and time stand in a row one after the other. */
function placeOf(row: Cells, at: number): LogPlace | null {
  const recvUs = micros(row[at + 1])
  return recvUs === null ? null : { seq: integer(row[at]) as Seq, recvUs }
}
