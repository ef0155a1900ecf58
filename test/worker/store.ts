import { env } from 'cloudflare:workers'
import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Gap } from '#core/log'
import { rowOf } from '#core/log-row'
import type { Segment } from '#core/segment'
import { encodeSegment } from '#core/segment-codec'
import { segmentRow } from '#core/segment-row'
import { withDatabase } from '../../worker/database.ts'

/** Runs statements as the owner. */
export async function asOwner<Result>(run: (sql: Sql) => Promise<Result>): Promise<Result> {
  const goodbyes: Promise<unknown>[] = []
  try {
    return await withDatabase(env.OWNER.connectionString, (goodbye) => goodbyes.push(goodbye), run)
  } finally {
    await Promise.all(goodbyes)
  }
}

/** Stores a market that is traded. @returns its id */
export function storeMarket(ticker: string, status = 'active'): Promise<number> {
  const event = ticker.slice(0, ticker.lastIndexOf('-'))
  const series = ticker.slice(0, ticker.indexOf('-'))
  return asOwner(async (sql) => {
    const [row] = await sql`
      insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
        first_seen_us, updated_us)
      values (${ticker}, ${event}, ${series}, 'A question', 'binary', ${status}, '{}', 1, 1)
      returning id`
    return Number(row?.['id'])
  })
}

export function storeRecords(marketId: number, records: readonly BookRecord[]): Promise<void> {
  return asOwner(async (sql) => {
    for (const record of records) {
      await sql`insert into kb.book_deltas ${sql({ market_id: marketId, ...rowOf(record) })}`
    }
    const first = Math.min(...records.map(({ recv }) => recv))
    await storeBegin(sql, marketId, first)
  })
}

async function storeBegin(sql: Sql, marketId: number, firstUs: number): Promise<void> {
  await sql`
    insert into kb.log_begins as b values (${marketId}, ${firstUs})
    on conflict (market_id) do update set first_us = least(b.first_us, excluded.first_us)`
}

/** Stores a market's latest segment. */
export async function storeSegment(marketId: number, segment: Segment): Promise<void> {
  const row = segmentRow(segment)
  if (row === null) throw new Error('nothing to store')
  const packed = new Blob([new Uint8Array(encodeSegment(segment))])
    .stream()
    .pipeThrough(new CompressionStream('deflate-raw'))
  const data = new Uint8Array(await new Response(packed).arrayBuffer())
  const { first_us, first_seq, last_seq, last_us } = row
  const key = { market_id: marketId, first_us, first_seq, last_seq, last_us }
  await asOwner(async (sql) => {
    await sql`insert into kb.book_segments ${sql({ ...row, market_id: marketId, data })}`
    await sql`delete from kb.sealed_logs where market_id = ${marketId}`
    await sql`insert into kb.sealed_logs ${sql({ ...key, state: 'known' })}`
    await storeBegin(sql, marketId, first_us)
  })
}

export function storeGap(marketId: number, gap: Gap): Promise<void> {
  const { seq, cause, from, to, noticed, prevSeq } = gap
  return asOwner(async (sql) => {
    await sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us, prev_seq)
      values (${marketId}, ${seq}, ${cause}, ${from}, ${to}, ${noticed}, ${prevSeq})`
  })
}

/** Sets how far the record is complete; null for a store that no collector ever opened. */
export function setWatermark(through: Micros | null): Promise<void> {
  return asOwner(async (sql) => {
    await sql`delete from kb.epochs`
    if (through === null) return
    await sql`
      insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
      values (0, 1, 'lease', 0, ${through})`
  })
}

/** Sets who holds the lease; null for nobody. */
export function setLease(epoch: number | null, lease = 'lease'): Promise<void> {
  return asOwner(async (sql) => {
    await sql`delete from kb.lease`
    if (epoch === null) return
    await sql`
      insert into kb.lease (slice, epoch, lease, holder, taken_us)
      values (0, ${epoch}, ${lease}, 'test', 1)`
  })
}
