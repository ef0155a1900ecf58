import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { FailedRun } from '#core/log-sealing'
import type { SealedRun } from '#core/sealed-run'
import type { Opening } from '#core/segment'
import { decodeSegment } from '#core/segment-codec'
import { BrokenLogError, closingOf } from '#core/segment-fold'
import type { SegmentRow } from '#core/segment-row'
import { integerArray, textArray } from './array-literal.ts'

/** A segment inflates to at most so many bytes. */
const INFLATED_BYTES = 4 * 1024 * 1024

/** A segment as its row holds it. */
export type DeflatedSegment = {
  readonly marketId: number
  readonly row: SegmentRow
  /** `\x…`, as Postgres reads a bytea. */
  readonly data: string
  /** Of the log after it. */
  readonly state: 'known' | 'unknown' | 'ended'
}

export type MarketFailure = FailedRun & { readonly marketId: number }

/** What a sealed run becomes in the store. */
export function deflated(marketId: number, { row, bytes, closing }: SealedRun): DeflatedSegment {
  const data = `\\x${deflateRawSync(bytes).toString('hex')}`
  const over = closing.kind !== 'new' && closing.closed
  return {
    marketId,
    row,
    data,
    state: over ? 'ended' : closing.kind === 'known' ? 'known' : 'unknown',
  }
}

/**
 * Stores segments, each log's in order, and notes how far logs are sealed. A segment that is there already is left as it
 * is, but for the start of a day at whose very instant a record turns up. Throws as Postgres does.
 */
export async function insertSegments(
  tx: TransactionSql,
  segments: readonly DeflatedSegment[],
): Promise<void> {
  if (segments.length === 0) return
  const integers = (pick: (segment: DeflatedSegment) => number) => integerArray(segments.map(pick))
  await tx`
    with given as (
      select * from unnest(
        ${integers(({ marketId }) => marketId)}::int4[],
        ${integers(({ row }) => row.first_us)}::int8[],
        ${integers(({ row }) => row.first_seq)}::int8[],
        ${integers(({ row }) => row.last_seq)}::int8[],
        ${integers(({ row }) => row.last_us)}::int8[],
        ${integers(({ row }) => row.records)}::int4[],
        ${integers(({ row }) => row.deltas)}::int4[],
        ${textArray(segments.map(({ data }) => data))}::bytea[],
        ${textArray(segments.map(({ state }) => state))}::text[])
        with ordinality
        u (market_id, first_us, first_seq, last_seq, last_us, records, deltas, data, state, nth)),
    stored as (
      insert into kb.book_segments (market_id, first_us, first_seq, last_seq, last_us, records, deltas, data)
      select market_id, first_us, first_seq, last_seq, last_us, records, deltas, data from given
      on conflict (market_id, first_us, first_seq) do update set last_seq = excluded.last_seq,
        last_us = excluded.last_us, records = excluded.records, deltas = excluded.deltas, data = excluded.data
      where book_segments.records < excluded.records)
    insert into kb.sealed_logs as l (market_id, first_us, first_seq, last_seq, last_us, state)
    select distinct on (market_id) market_id, first_us, first_seq, last_seq, last_us, state
    from given order by market_id, first_us desc, first_seq desc
    on conflict (market_id) do update set
      first_us = excluded.first_us, first_seq = excluded.first_seq, last_seq = excluded.last_seq,
      last_us = excluded.last_us, state = excluded.state
    where (l.first_us, l.first_seq) <= (excluded.first_us, excluded.first_seq)`
}

/** Notes which records cannot be sealed, so that their rows are kept. Throws as Postgres does. */
export async function noteFailures(
  tx: TransactionSql,
  failed: readonly MarketFailure[],
): Promise<void> {
  for (const { marketId, first, last, reason } of failed) {
    await tx`
      insert into kb.seal_failures as f (market_id, first_seq, last_seq, first_us, last_us, reason)
      values (${marketId}, ${first.seq}, ${last.seq}, ${first.recv}, ${last.recv}, ${reason})
      on conflict (market_id, first_seq) do update set
        last_seq = greatest(f.last_seq, excluded.last_seq),
        last_us = greatest(f.last_us, excluded.last_us)`
  }
}

/** A log's last segment: where it begins, and how the log stands after it, null when it cannot be read. */
export type LastSegment = { readonly firstUs: Micros; readonly closing: Opening | null }

/** The last segments of these logs; a log of which nothing is sealed is absent. Throws as Postgres does. */
export async function lastSegments(
  sql: Sql,
  marketIds: readonly number[],
): Promise<Map<number, LastSegment>> {
  if (marketIds.length === 0) return new Map()
  const rows = await sql`
    select l.market_id, l.first_us, s.data
    from kb.sealed_logs l
    join kb.book_segments s using (market_id, first_us, first_seq)
    where l.market_id = any(${integerArray(marketIds)}::int4[])`
  return new Map(
    rows.map((row) => {
      const firstUs = micros(row['first_us']) as Micros
      return [integer(row['market_id']) as number, { firstUs, closing: closingOfData(row['data']) }]
    }),
  )
}

/** How a log stands after a stored segment; null when it cannot be read. */
export function closingOfData(data: Buffer): Opening | null {
  try {
    const segment = decodeSegment(inflateRawSync(data, { maxOutputLength: INFLATED_BYTES }))
    return segment && closingOf(segment)
  } catch (error) {
    // zlib's errors are of its own making: https://nodejs.org/docs/latest-v24.x/api/zlib.html
    if (error instanceof BrokenLogError || (error instanceof Error && 'code' in error)) return null
    throw error
  }
}
