import type { Sql, TransactionSql } from 'postgres'
import { type Epoch, nextEpoch } from '#core/log'
import { integer } from '#core/log-row'

/** What a writer claims: that it holds the slice under this epoch and this random text. */
export type Hold = { readonly slice: number; readonly epoch: Epoch; readonly lease: string }

/**
 * Takes a slice from whoever holds it and draws the next epoch. It waits for transactions that still write under the old
 * lease; later ones find it lost. Throws as Postgres does.
 * @param take.lease random text, drawn for this take alone
 * @param take.nowMs wall clock in ms
 * @param take.above an epoch that shards have seen, when the store was restored from before it
 */
export async function takeLease(
  sql: Sql,
  take: { slice: number; lease: string; holder: string; nowMs: number; above?: number },
): Promise<Epoch> {
  const { slice, lease, holder, nowMs, above = -1 } = take
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('kb.lease', ${slice}))`
    const [last] = await tx`
      select greatest(
        (select epoch from kb.lease where slice = ${slice}),
        (select max(epoch) from kb.epochs where slice = ${slice})) as epoch`
    const highest = Math.max(integer(last?.['epoch']) ?? -1, above)
    const epoch = nextEpoch(highest < 0 ? null : (highest as Epoch), nowMs)
    await tx`
      insert into kb.lease (slice, epoch, lease, holder, taken_us)
      values (${slice}, ${epoch}, ${lease}, ${holder}, ${nowMs * 1000})
      on conflict (slice) do update set
        epoch = excluded.epoch, lease = excluded.lease,
        holder = excluded.holder, taken_us = excluded.taken_us`
    return epoch
  })
}

/** Says whether the lease is still held, and keeps anybody from taking it until the transaction ends. */
export async function checkLease(tx: TransactionSql, hold: Hold): Promise<'held' | 'lease_lost'> {
  const rows = await tx`
    select from kb.lease
    where slice = ${hold.slice} and epoch = ${hold.epoch} and lease = ${hold.lease}
    for share`
  return rows.length === 1 ? 'held' : 'lease_lost'
}

/**
 * Runs a writing transaction under the lease: nothing is written when the lease is lost. Whatever `work` throws rolls the
 * whole of it back and is thrown on.
 */
export async function underLease<Result>(
  sql: Sql,
  hold: Hold,
  work: (tx: TransactionSql) => Promise<Result>,
): Promise<Result | 'lease_lost'> {
  const outcome = await sql.begin(async (tx) => {
    const held = await checkLease(tx, hold)
    return held === 'held' ? { result: await work(tx) } : held
  })
  return outcome === 'lease_lost' ? outcome : outcome.result
}
