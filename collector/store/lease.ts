import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { type Epoch, nextEpoch } from '#core/log'
import { integer, micros } from '#core/log-row'

/** What a writer claims: that it holds the slice under this epoch and this random text. */
export type Hold = { readonly slice: number; readonly epoch: Epoch; readonly lease: string }

/** The epoch that was opened last, and how far it is vouched for. */
export type PreviousEpoch = {
  readonly epoch: Epoch
  readonly recordedThroughUs: Micros
  /** The earliest of its connections' last proofs of life; null when it had none. */
  readonly aliveUs: Micros | null
}

export type TakenLease = { readonly epoch: Epoch; readonly previous: PreviousEpoch | null }

/**
 * Takes a slice from whoever holds it and draws the next epoch. It waits for transactions that still write under the old
 * lease; later ones find it lost. Throws as Postgres does.
 * @param take.lease random text, drawn for this take alone
 * @param take.nowMs wall clock in ms
 */
export async function takeLease(
  sql: Sql,
  take: { slice: number; lease: string; holder: string; nowMs: number },
): Promise<TakenLease> {
  const { slice, lease, holder, nowMs } = take
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('kb.lease', ${slice}))`
    const [last] = await tx`
      select greatest(
        (select epoch from kb.lease where slice = ${slice}),
        (select max(epoch) from kb.epochs where slice = ${slice})) as epoch`
    const epoch = nextEpoch(integer(last?.['epoch']) as Epoch | null, nowMs)
    await tx`
      insert into kb.lease (slice, epoch, lease, holder, taken_us)
      values (${slice}, ${epoch}, ${lease}, ${holder}, ${nowMs * 1000})
      on conflict (slice) do update set
        epoch = excluded.epoch, lease = excluded.lease,
        holder = excluded.holder, taken_us = excluded.taken_us`
    return { epoch, previous: await previousEpoch(tx, slice, epoch) }
  })
}

async function previousEpoch(
  tx: TransactionSql,
  slice: number,
  below: Epoch,
): Promise<PreviousEpoch | null> {
  const [row] = await tx`
    select e.epoch, e.recorded_through_us,
      (select min(alive_us) from kb.proof_of_life p
        where p.slice = e.slice and p.epoch = e.epoch) as alive_us
    from kb.epochs e where e.slice = ${slice} and e.epoch < ${below}
    order by e.epoch desc limit 1`
  if (row === undefined) return null
  return {
    epoch: integer(row['epoch']) as Epoch,
    recordedThroughUs: micros(row['recorded_through_us']) as Micros,
    aliveUs: micros(row['alive_us']),
  }
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
