import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { type Epoch, nextEpoch } from '#core/log'
import { integer, micros } from '#core/log-row'
import type { LeaseSeen } from '#core/standby'

/** What a writer claims: that it holds the slice under this epoch and this random text. */
export type Hold = { readonly slice: number; readonly epoch: Epoch; readonly lease: string }

/** What the lease row says, and Postgres's time as it said so, µs. */
export type LeaseRow = LeaseSeen & { readonly epoch: Epoch; readonly dbNow: Micros }

/** What a taker must find unchanged: the lease it saw, and, but for one of its own, the renewal it saw. */
export type Found = { readonly lease: string; readonly renewedAt: Micros | null }

/** Reads who holds a slice; null when nobody ever did. Throws as Postgres does. */
export async function readLease(sql: Sql, slice: number): Promise<LeaseRow | null> {
  const [row] = await sql`
    select epoch, lease, holder, released,
      (extract(epoch from renewed_at) * 1000000)::int8 as renewed_us,
      (extract(epoch from clock_timestamp()) * 1000000)::int8 as now_us
    from kb.lease where slice = ${slice}`
  if (row === undefined) return null
  return {
    epoch: integer(row['epoch']) as Epoch,
    lease: row['lease'] as string,
    holder: row['holder'] as string,
    renewedAt: micros(row['renewed_us']) as Micros,
    released: row['released'] === true,
    dbNow: micros(row['now_us']) as Micros,
  }
}

/**
 * Takes a slice, if its lease is still as it was found, and draws the next epoch. It waits for transactions that still write
 * under the old lease; later ones find it lost. Of many takers of one found lease, one gets it. Throws as Postgres does:
 * whether it was taken is then unknown, and shows in the row.
 * @param take.lease random text, drawn for this take alone
 * @param take.nowMs wall clock in ms
 * @param take.found null when the slice was never held
 * @param take.above an epoch that shards have seen, when the store was restored from before it
 */
export async function takeLease(
  sql: Sql,
  take: {
    readonly slice: number
    readonly lease: string
    readonly holder: string
    readonly nowMs: number
    readonly found: Found | null
    readonly above?: number
  },
): Promise<Hold | 'taken_by_another'> {
  const { slice, lease, holder, nowMs, found, above = -1 } = take
  return sql.begin(async (tx) => {
    // Two who find no row have nothing else to exclude each other by.
    await tx`select pg_advisory_xact_lock(hashtextextended('kb.lease', ${slice}))`
    const [row] = await tx`
      select epoch, lease, (extract(epoch from renewed_at) * 1000000)::int8 as renewed_us
      from kb.lease where slice = ${slice} for update`
    if (!isAsFound(row, found)) return 'taken_by_another'
    const [opened] = await tx`select max(epoch) as epoch from kb.epochs where slice = ${slice}`
    const highest = Math.max(integer(row?.['epoch']) ?? -1, integer(opened?.['epoch']) ?? -1, above)
    const epoch = nextEpoch(highest < 0 ? null : (highest as Epoch), nowMs)
    await tx`
      insert into kb.lease (slice, epoch, lease, holder, taken_us, renewed_at, released)
      values (${slice}, ${epoch}, ${lease}, ${holder}, ${nowMs * 1000}, clock_timestamp(), false)
      on conflict (slice) do update set
        epoch = excluded.epoch, lease = excluded.lease, holder = excluded.holder,
        taken_us = excluded.taken_us, renewed_at = excluded.renewed_at, released = false`
    return { slice, epoch, lease }
  })
}

function isAsFound(row: Record<string, unknown> | undefined, found: Found | null): boolean {
  if (row === undefined || found === null) return row === undefined && found === null
  if (row['lease'] !== found.lease) return false
  return found.renewedAt === null || micros(row['renewed_us']) === found.renewedAt
}

/** Renews a lease, unless it was taken or given up. It waits for no writer. Throws as Postgres does: then nobody knows. */
export async function renewLease(sql: Sql, hold: Hold): Promise<'held' | 'lease_lost'> {
  const renewed = await sql`
    update kb.lease set renewed_at = clock_timestamp()
    where slice = ${hold.slice} and epoch = ${hold.epoch} and lease = ${hold.lease}
      and not released`
  return renewed.count === 1 ? 'held' : 'lease_lost'
}

/** Gives a lease up, so that the next may take it at once. Nothing is written under it from then on. Throws as Postgres does. */
export async function releaseLease(sql: Sql, hold: Hold): Promise<'released' | 'lease_lost'> {
  const released = await sql`
    update kb.lease set released = true
    where slice = ${hold.slice} and epoch = ${hold.epoch} and lease = ${hold.lease}`
  return released.count === 1 ? 'released' : 'lease_lost'
}

/** Says whether the lease is still held, and keeps anybody from taking it until the transaction ends. */
export async function checkLease(tx: TransactionSql, hold: Hold): Promise<'held' | 'lease_lost'> {
  const rows = await tx`
    select from kb.lease
    where slice = ${hold.slice} and epoch = ${hold.epoch} and lease = ${hold.lease}
      and not released
    for key share`
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
