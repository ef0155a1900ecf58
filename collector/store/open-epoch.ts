import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { type GapRecord, type Seq, seqOf } from '#core/log'
import { integer, micros } from '#core/log-row'
import { type Hold, underLease } from './lease.ts'
import { insertRows, rowsOf } from './log-rows.ts'

/** Where a market's log stands as the epoch opens. */
export type OpenedLog = {
  /** The last record that earlier epochs wrote. */
  readonly lastSeq: Seq
  /** The record n = 0 of this epoch, now stored; null when the log had ended, so that nothing was left open. */
  readonly gap: GapRecord | null
}

export type OpenedEpoch = {
  /** recv of the gap records and the first watermark: the receive clock must start above it. */
  readonly openedUs: Micros
  /** By market id; a market that is absent has no log yet. */
  readonly logs: ReadonlyMap<number, OpenedLog>
}

/**
 * Opens an epoch in one transaction under the lease: a gap record, n = 0, for every market whose log earlier epochs left
 * open, and the epoch's first watermark. Asked again, it answers the same and stores nothing new.
 * @param nowUs the clock in µs; raised above all that is stored
 * Throws as Postgres does; then nothing of it is stored.
 */
export async function openEpoch(
  sql: Sql,
  hold: Hold,
  nowUs: Micros,
): Promise<OpenedEpoch | 'lease_lost'> {
  return underLease(sql, hold, async (tx) => {
    const tails = await readTails(tx, hold)
    const highest = await highestWatermark(tx, hold)
    const above = tails.reduce((most, { recv }) => Math.max(most, recv), highest ?? -1)
    const openedUs = await insertEpoch(tx, hold, Math.max(nowUs, above + 1) as Micros)
    const vouched = await vouchedUntil(tx, hold)
    const logs = new Map<number, OpenedLog>()
    for (const { marketId, seq, recv, ended } of tails) {
      // The market's own last record may be newer than the last proof of life that was stored. It proves itself, but not
      // that it was the last of its instant: the second half of an amend may not have been stored.
      const from = Math.min(openedUs, Math.max(recv - 1, vouched ?? recv - 1)) as Micros
      logs.set(marketId, {
        lastSeq: seq,
        gap: ended ? null : epochGap(hold, openedUs, from, seq),
      })
    }
    const gaps = [...logs].flatMap(([marketId, { gap }]) =>
      gap === null ? [] : [{ marketId, record: gap }],
    )
    for (let at = 0; at < gaps.length; at += INSERTED_AT_ONCE) {
      await insertRows(tx, rowsOf(gaps.slice(at, at + INSERTED_AT_ONCE)))
    }
    return { openedUs, logs }
  })
}

const INSERTED_AT_ONCE = 10_000

type Tail = {
  readonly marketId: number
  readonly seq: Seq
  readonly recv: Micros
  readonly ended: boolean
}

function epochGap(hold: Hold, recv: Micros, from: Micros, prevSeq: Seq): GapRecord {
  return {
    kind: 'gap',
    seq: seqOf(hold.epoch, 0),
    recv,
    event: null,
    cause: 'epoch',
    from,
    prevSeq,
  }
}

/** The last record of every market before this epoch. recv never decreases along a log, so it is also the market's latest. */
async function readTails(tx: TransactionSql, hold: Hold): Promise<Tail[]> {
  const rows = await tx`
    select m.id, last.seq, last.recv_us, last.kind = 3 as ended
    from kb.markets m
    cross join lateral (
      select seq, recv_us, kind from kb.book_deltas
      where market_id = m.id and seq < ${seqOf(hold.epoch, 0)}
      order by seq desc limit 1) last
    order by m.id`
  return rows.map((row) => ({
    marketId: integer(row['id']) as number,
    seq: integer(row['seq']) as Seq,
    recv: micros(row['recv_us']) as Micros,
    ended: row['ended'] === true,
  }))
}

async function highestWatermark(tx: TransactionSql, hold: Hold): Promise<Micros | null> {
  const [row] = await tx`
    select max(recorded_through_us) as us from kb.epochs
    where slice = ${hold.slice} and epoch < ${hold.epoch}`
  return micros(row?.['us'])
}

/**
 * How far the epoch before this one vouches for its markets: the earlier of its watermark and of its connections' last
 * proofs of life. One that died before it had a connection vouches for nothing after its opening.
 */
async function vouchedUntil(tx: TransactionSql, hold: Hold): Promise<Micros | null> {
  const [row] = await tx`
    select least(e.recorded_through_us, coalesce(
      (select min(alive_us) from kb.proof_of_life p
        where p.slice = e.slice and p.epoch = e.epoch), e.opened_us)) as us
    from kb.epochs e where e.slice = ${hold.slice} and e.epoch < ${hold.epoch}
    order by e.epoch desc limit 1`
  return micros(row?.['us'])
}

/** Inserts the epoch with its first watermark; answers when it was opened, which is earlier when it was open already. */
async function insertEpoch(tx: TransactionSql, hold: Hold, openedUs: Micros): Promise<Micros> {
  await tx`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (${hold.slice}, ${hold.epoch}, ${hold.lease}, ${openedUs}, ${openedUs})
    on conflict (slice, epoch) do nothing`
  const [row] = await tx`
    select opened_us from kb.epochs where slice = ${hold.slice} and epoch = ${hold.epoch}`
  return micros(row?.['opened_us']) as Micros
}
