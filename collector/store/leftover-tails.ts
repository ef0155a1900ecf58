import type { Sql, TransactionSql } from 'postgres'
import type { Mark } from '#core/entry'
import type { Micros } from '#core/instant'
import type { StoredTail } from '#core/leftover'
import { type Epoch, type Seq, seqOf } from '#core/log'
import { integer, micros } from '#core/log-row'
import type { Ticker } from '#core/ticker'
import { textArray } from './array-literal.ts'

/** The epochs that the store knows. Throws as Postgres does. */
export async function knownEpochs(sql: Sql, slice: number): Promise<ReadonlySet<Epoch>> {
  const rows = await sql`select epoch from kb.epochs where slice = ${slice}`
  return new Set(rows.map((row) => integer(row['epoch']) as Epoch))
}

/** Where the logs of these markets stand, seen from an epoch. A market that is not stored has nothing. Throws as Postgres does. */
export async function leftoverTails(
  sql: Sql,
  epoch: Epoch,
  markets: Iterable<Ticker>,
): Promise<Map<Ticker, StoredTail>> {
  const tickers = [...markets]
  const [low, high] = boundsOf(epoch)
  const rows = await sql`
    select m.ticker, greatest(hot.seq, sealed.seq) as seq, gap.noticed_us, gap.seq as gap_seq,
      least(hot_after.seq, sealed_after.seq) as after_seq
    from kb.markets m
    left join lateral (
      select seq from kb.book_deltas where market_id = m.id and seq >= ${low} and seq < ${high}
      order by seq desc limit 1) hot on true
    left join lateral (
      select max(last_seq) as seq from kb.book_segments
      where market_id = m.id and last_seq >= ${low} and last_seq < ${high}) sealed on true
    left join lateral (
      select seq from kb.book_deltas where market_id = m.id and seq >= ${high}
      order by seq limit 1) hot_after on true
    left join lateral (
      select min(first_seq) as seq from kb.book_segments
      where market_id = m.id and first_seq >= ${high} and records > 0) sealed_after on true
    left join lateral (
      select seq, noticed_us from kb.book_gaps where market_id = m.id and seq >= ${high}
      order by seq limit 1) gap on true
    where m.ticker = any(${textArray(tickers)}::text[])`
  const tails = new Map<Ticker, StoredTail>(
    tickers.map((ticker) => [ticker, { seq: null, taken: null }]),
  )
  for (const row of rows) tails.set(row['ticker'] as Ticker, tailOf(row))
  return tails
}

/** A log that goes on later without a gap first leaves no room for anything before. */
function tailOf(row: Record<string, unknown>): StoredTail {
  const seq = integer(row['seq']) as Seq | null
  const after = integer(row['after_seq'])
  if (after === null) return { seq, taken: null }
  const opens = integer(row['gap_seq']) === after
  return { seq, taken: opens ? micros(row['noticed_us']) : (0 as Micros) }
}

/**
 * After a leftover of an epoch was stored, lets the gaps of whoever took over begin where the leftover ends. May be
 * repeated. Throws as Postgres does.
 * @param through the leftover's last mark
 * @param broken markets whose leftover did not follow the store: their gaps stay
 */
export async function shortenGaps(
  tx: TransactionSql,
  epoch: Epoch,
  through: Mark,
  broken: readonly Ticker[],
): Promise<void> {
  const vouched = Math.min(through.through, ...through.alive.map(({ us }) => us))
  const [low, high] = boundsOf(epoch)
  await tx`
    update kb.book_gaps g
    set from_us = greatest(from_us, least(noticed_us, ${vouched}::int8)),
      prev_seq = coalesce(
        (select max(seq) from kb.book_deltas d
          where d.market_id = g.market_id and d.seq >= ${low} and d.seq < ${high}), prev_seq)
    where cause = 'epoch' and seq >= ${high} and prev_seq >= ${low} and prev_seq < ${high}
      and market_id not in (select id from kb.markets where ticker = any(${textArray(broken)}::text[]))`
}

/** Ends the gaps that a leftover itself holds where the gap of whoever took over ends. May be repeated. Throws as Postgres does. */
export async function closeFilledGaps(tx: TransactionSql, epoch: Epoch): Promise<void> {
  const [low, high] = boundsOf(epoch)
  await tx`
    update kb.book_gaps g set to_us = taken.to_us
    from kb.book_gaps taken
    where g.to_us is null and g.seq >= ${low} and g.seq < ${high}
      and taken.market_id = g.market_id and taken.cause = 'epoch' and taken.seq >= ${high}
      and taken.prev_seq >= ${low} and taken.prev_seq < ${high} and taken.to_us is not null`
}

function boundsOf(epoch: Epoch): [Seq, Seq] {
  return [seqOf(epoch, 0), seqOf((epoch + 1) as Epoch, 0)]
}
