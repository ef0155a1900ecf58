import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { type GapRecord, type Seq, seqOf } from '#core/log'
import { integer, micros } from '#core/log-row'
import { type Hold, underLease } from './lease.ts'
import { insertRows, rowsOf } from './log-rows.ts'

/** What a log's last record leaves: a book, a gap, or nothing that goes on. */
export type LogEnd = 'known' | 'unknown' | 'ended'

/** Where a market's log stands as the epoch opens. */
export type OpenedLog = {
  /** The last record that earlier epochs wrote, and what it left. */
  readonly lastSeq: Seq
  readonly left: LogEnd
  /** Where the log's last segment begins; null while it has none. */
  readonly sealedUs: Micros | null
  /** The record n = 0 of this epoch, now stored; null when the log had ended, so that nothing was left open. */
  readonly gap: GapRecord | null
}

export type OpenedEpoch = {
  /** recv of the gap records and the first watermark: the receive clock must start above it. */
  readonly openedUs: Micros
  /** By market id; a market that is absent has no log yet, or its log has ended. */
  readonly logs: ReadonlyMap<number, OpenedLog>
  /** The highest watermark of earlier epochs; null when there was none. */
  readonly recordedThrough: Micros | null
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
    for (const { marketId, seq, recv, state, sealedUs } of tails) {
      // The market's own last record may be newer than the last proof of life that was stored. It proves itself, but not
      // that it was the last of its instant: the second half of an amend may not have been stored.
      const from = Math.min(openedUs, Math.max(recv - 1, vouched ?? recv - 1)) as Micros
      logs.set(marketId, {
        lastSeq: seq,
        left: state,
        sealedUs,
        gap: state === 'ended' ? null : epochGap(hold, openedUs, from, seq),
      })
    }
    const gaps = [...logs].flatMap(([marketId, { gap }]) =>
      gap === null ? [] : [{ marketId, record: gap }],
    )
    for (let at = 0; at < gaps.length; at += INSERTED_AT_ONCE) {
      await insertRows(tx, rowsOf(gaps.slice(at, at + INSERTED_AT_ONCE)))
    }
    return { openedUs, logs, recordedThrough: highest }
  })
}

const INSERTED_AT_ONCE = 10_000

type Tail = {
  readonly marketId: number
  readonly seq: Seq
  readonly recv: Micros
  readonly state: LogEnd
  readonly sealedUs: Micros | null
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

/**
 * The last record before this epoch of every market whose log has not ended for good: it is in `book_deltas`, or, when its
 * hour was dropped, in the log's last segment. recv never decreases along a log, so it is also the market's latest.
 */
async function readTails(tx: TransactionSql, hold: Hold): Promise<Tail[]> {
  // Each step finds the last record of the next market by the key alone.
  const rows = await tx`
    with recursive hot as (
      (select market_id, seq, recv_us, kind from kb.book_deltas
        where seq < ${seqOf(hold.epoch, 0)} order by market_id desc, seq desc limit 1)
      union all
      select step.* from hot, lateral (
        select market_id, seq, recv_us, kind from kb.book_deltas d
        where d.market_id < hot.market_id and seq < ${seqOf(hold.epoch, 0)}
        order by market_id desc, seq desc limit 1) step)
    select coalesce(h.market_id, s.market_id) as id, greatest(h.seq, s.last_seq) as seq,
      greatest(h.recv_us, s.last_us) as recv_us, s.first_us as sealed_us,
      case when h.seq is null or h.seq < s.last_seq then s.state
        when h.kind = 3 then 'ended' when h.kind = 2 then 'unknown' else 'known' end as state
    from hot h
    full join (
      select * from kb.sealed_logs
      where state <> 'ended' or market_id in (select market_id from hot)) s
      on s.market_id = h.market_id
    order by id`
  return rows.map((row) => ({
    marketId: integer(row['id']) as number,
    seq: integer(row['seq']) as Seq,
    recv: micros(row['recv_us']) as Micros,
    state: row['state'] as LogEnd,
    sealedUs: micros(row['sealed_us']),
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
