import type { TransactionSql } from 'postgres'
import { integerArray } from './array-literal.ts'
import type { MarketRow } from './log-rows.ts'

/**
 * Notes when the logs begin whose first record is among these, unless an earlier one is noted: a spool may come back with
 * what was before. Throws as Postgres does.
 */
export async function noteBegins(tx: TransactionSql, rows: readonly MarketRow[]): Promise<void> {
  const begins = new Map<number, number>()
  for (const { marketId, row } of rows) {
    if (!isFirst(row)) continue
    begins.set(marketId, Math.min(begins.get(marketId) ?? row.recv_us, row.recv_us))
  }
  if (begins.size === 0) return
  // Those that are noted are left out first: a conflict would lock their rows.
  await tx`
    insert into kb.log_begins as b (market_id, first_us)
    select u.market_id, u.first_us
    from unnest(${integerArray([...begins.keys()])}::int4[], ${integerArray([...begins.values()])}::int8[])
      u (market_id, first_us)
    where not exists (
      select from kb.log_begins n where n.market_id = u.market_id and n.first_us <= u.first_us)
    order by u.market_id
    on conflict (market_id) do update set first_us = excluded.first_us
    where b.first_us > excluded.first_us`
}

/** A log begins with a snapshot, or with a gap when what was before it is lost. */
function isFirst(row: MarketRow['row']): boolean {
  return row.kind === 0 ? row.reason === 'first' : row.kind === 2 && row.prev_seq === null
}
