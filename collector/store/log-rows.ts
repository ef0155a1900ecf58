import type { TransactionSql } from 'postgres'
import { asSeq, type BookRecord, type DeltaRecord } from '#core/log'
import { type LogRow, LogRowError, micros, rowOf } from '#core/log-row'
import { asPrice } from '#core/price'
import { asSize } from '#core/size'
import { integerArray, textArray } from './array-literal.ts'
import { noteBegins } from './log-begins.ts'

/** A record of one market's log; the id is that of `kb.markets`. */
export type MarketRecord = { readonly marketId: number; readonly record: BookRecord }

export type MarketRow = { readonly marketId: number; readonly row: LogRow }

/** The rows of records. Throws LogRowError for a record that the table would refuse. */
export function rowsOf(records: readonly MarketRecord[]): MarketRow[] {
  return records.map(({ marketId, record }) => {
    const row = rowOf(record)
    if (row === null) throw new LogRowError('record_unstorable', marketId, record.seq)
    return { marketId, row }
  })
}

/** Stores records of the log, and gaps in the overlay too. A row that is there already is left as it is. Throws LogRowError. */
export async function insertRecords(
  tx: TransactionSql,
  records: readonly MarketRecord[],
): Promise<void> {
  await insertDeltas(tx, records)
  const others = rowsOf(records.filter(({ record }) => record.kind !== 'delta'))
  await insertRows(tx, others)
  await noteBegins(tx, others)
  await closeGaps(tx, others)
}

function storableDelta({ seq, recv, event, price, change, size }: DeltaRecord): boolean {
  return (
    asSeq(seq) !== null &&
    micros(recv) !== null &&
    (event === null || micros(event) !== null) &&
    asPrice(price) !== null &&
    Number.isSafeInteger(change) &&
    asSize(size) !== null
  )
}

/** Nearly all records are deltas: they go in with their own columns alone, side and price in one. */
async function insertDeltas(tx: TransactionSql, records: readonly MarketRecord[]): Promise<void> {
  let [markets, seqs, recvs, events, places, changes, sizes] = ['', '', '', '', '', '', '']
  let comma = ''
  for (const { marketId, record } of records) {
    if (record.kind !== 'delta') continue
    if (!storableDelta(record)) throw new LogRowError('record_unstorable', marketId, record.seq)
    markets += comma + marketId
    seqs += comma + record.seq
    recvs += comma + record.recv
    events += comma + (record.event ?? 'NULL')
    places += comma + (record.side === 'yes' ? record.price : -record.price)
    changes += comma + record.change
    sizes += comma + record.size
    comma = ','
  }
  if (comma === '') return
  await tx`
    insert into kb.book_deltas (market_id, seq, recv_us, event_us, kind, side, price, change, size)
    select market_id, seq, recv_us, event_us, 1, (place < 0)::int, abs(place), change, size
    from unnest(${`{${markets}}`}::int4[], ${`{${seqs}}`}::int8[], ${`{${recvs}}`}::int8[], ${`{${events}}`}::int8[],
      ${`{${places}}`}::int4[], ${`{${changes}}`}::int8[], ${`{${sizes}}`}::int8[])
      u (market_id, seq, recv_us, event_us, place, change, size)
    on conflict do nothing`
}

/** Stores rows of the log, and those of gaps in the overlay too. A row that is there already is left as it is. */
export async function insertRows(tx: TransactionSql, rows: readonly MarketRow[]): Promise<void> {
  if (rows.length === 0) return
  const integers = (pick: (row: LogRow) => number | null) =>
    integerArray(rows.map(({ row }) => pick(row)))
  const texts = (pick: (row: LogRow) => string | null) =>
    textArray(rows.map(({ row }) => pick(row)))
  await tx`
    insert into kb.book_deltas (market_id, seq, recv_us, event_us, kind, side, price, change, size,
      reason, from_us, prev_seq, ladders)
    select * from unnest(
      ${integerArray(rows.map(({ marketId }) => marketId))}::int4[],
      ${integers((row) => row.seq)}::int8[],
      ${integers((row) => row.recv_us)}::int8[],
      ${integers((row) => row.event_us)}::int8[],
      ${integers((row) => row.kind)}::int2[],
      ${integers((row) => row.side)}::int2[],
      ${integers((row) => row.price)}::int4[],
      ${integers((row) => row.change)}::int8[],
      ${integers((row) => row.size)}::int8[],
      ${texts((row) => row.reason)}::text[],
      ${integers((row) => row.from_us)}::int8[],
      ${integers((row) => row.prev_seq)}::int8[],
      ${texts((row) => row.ladders)}::text[])
    on conflict do nothing`
  const gaps = rows.filter(({ row }) => row.kind === 2)
  if (gaps.length > 0) await insertGaps(tx, gaps)
}

async function insertGaps(tx: TransactionSql, gaps: readonly MarketRow[]): Promise<void> {
  const integers = (pick: (gap: MarketRow) => number | null) => integerArray(gaps.map(pick))
  await tx`
    insert into kb.book_gaps (market_id, seq, cause, from_us, noticed_us, prev_seq)
    select * from unnest(
      ${integers(({ marketId }) => marketId)}::int4[],
      ${integers(({ row }) => row.seq)}::int8[],
      ${textArray(gaps.map(({ row }) => row.reason))}::text[],
      ${integers(({ row }) => row.from_us)}::int8[],
      ${integers(({ row }) => row.recv_us)}::int8[],
      ${integers(({ row }) => row.prev_seq)}::int8[])
    on conflict do nothing`
}

/** Closes each open gap at the first of these snapshots of its market that follows it. */
export async function closeGaps(tx: TransactionSql, rows: readonly MarketRow[]): Promise<void> {
  const snapshots = rows.filter(({ row }) => row.kind === 0)
  if (snapshots.length === 0) return
  const integers = (pick: (snapshot: MarketRow) => number) => integerArray(snapshots.map(pick))
  await tx`
    with snapshots as (
      select * from unnest(
        ${integers(({ marketId }) => marketId)}::int4[],
        ${integers(({ row }) => row.seq)}::int8[],
        ${integers(({ row }) => row.recv_us)}::int8[]) s (market_id, seq, recv_us)),
    closes as (
      select g.market_id, g.seq, min(s.recv_us) as to_us
      from kb.book_gaps g join snapshots s on s.market_id = g.market_id and s.seq > g.seq
      where g.to_us is null
      group by g.market_id, g.seq)
    update kb.book_gaps g set to_us = c.to_us
    from closes c
    where g.market_id = c.market_id and g.seq = c.seq and g.to_us is null`
}
