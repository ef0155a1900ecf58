import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Filled, StoredEpoch, StoredTail } from '#core/leftover'
import { type Epoch, type Seq, seqOf } from '#core/log'
import { integer, micros } from '#core/log-row'
import { dayOf } from '#core/sealing'
import type { Ticker } from '#core/ticker'
import { integerArray, textArray } from './array-literal.ts'

type Next = NonNullable<StoredEpoch['next']>

const LATEST = Number.MAX_SAFE_INTEGER

/** What the store knows of an epoch; null when it knows it not. Throws as Postgres does. */
export async function storedEpoch(
  sql: Sql,
  slice: number,
  epoch: Epoch,
): Promise<StoredEpoch | null> {
  const [row] = await sql`
    select e.opened_us, e.recorded_through_us, n.epoch as next_epoch, n.opened_us as next_us
    from kb.epochs e
    left join lateral (
      select epoch, opened_us from kb.epochs
      where slice = e.slice and epoch > e.epoch order by epoch limit 1) n on true
    where e.slice = ${slice} and e.epoch = ${epoch}`
  if (row === undefined) return null
  const next = integer(row['next_epoch']) as Epoch | null
  return {
    opened: micros(row['opened_us']) as Micros,
    through: micros(row['recorded_through_us']) as Micros,
    next: next === null ? null : { epoch: next, opened: micros(row['next_us']) as Micros },
  }
}

/**
 * Where the logs of these markets stand, seen from an epoch. A market that is not stored has nothing. Of the epoch that was
 * opened after it, its gaps (n = 0) are those that a leftover may fill: a log in which it wrote none is its to tell, or was
 * over. Throws as Postgres does.
 * @param from recv of the earliest record in question: segments of days before are not searched for later ones
 */
export async function leftoverTails(
  sql: Sql,
  epoch: Epoch,
  { opened, next }: StoredEpoch,
  markets: Iterable<Ticker>,
  from: Micros,
): Promise<Map<Ticker, StoredTail>> {
  const tickers = [...markets]
  const taken = next === null ? null : (0 as Micros)
  const none: StoredTail = { seq: null, recv: null, gap: false, taken }
  const tails = new Map<Ticker, StoredTail>(tickers.map((ticker) => [ticker, none]))
  if (tickers.length === 0) return tails
  const [low, high] = boundsOf(epoch)
  const until = next?.opened ?? LATEST
  // The last record is hot, or in a segment of these days, or of days before: then the log's state or the gap names it. The
  // bounds of time leave out the hours and days of other epochs.
  const rows = await sql`
    select m.ticker, hot.seq as hot_seq, hot.recv_us as hot_us, hot.kind,
      sealed.last_seq as sealed_seq, sealed.last_us as sealed_us,
      state.last_seq as state_seq, state.last_us as state_us, state.state,
      gap.prev_seq, gap.noticed_us
    from kb.markets m
    left join lateral (
      select seq, recv_us, kind from kb.book_deltas
      where market_id = m.id and seq >= ${low} and seq < ${high}
        and recv_us >= ${opened}::int8 and recv_us <= ${until}::int8
      order by seq desc limit 1) hot on true
    left join lateral (
      select last_seq, last_us from kb.book_segments
      where market_id = m.id and first_us >= ${dayOf(from)}::int8
        and first_us <= ${until}::int8
        and last_seq >= ${low} and last_seq < ${high} and records > 0
      order by first_us desc, first_seq desc limit 1) sealed on true
    left join kb.sealed_logs state
      on state.market_id = m.id and state.last_seq >= ${low} and state.last_seq < ${high}
    left join kb.book_gaps gap
      on gap.market_id = m.id and gap.seq = ${next === null ? -1 : seqOf(next.epoch, 0)}::int8
      and gap.cause = 'epoch'
    where m.ticker = any(${textArray(tickers)}::text[])`
  for (const row of rows) tails.set(row['ticker'] as Ticker, tailOf(row, [low, high], taken))
  return tails
}

type Found = { readonly seq: Seq; readonly recv: Micros | null; readonly gap: boolean }

function tailOf(
  row: Record<string, unknown>,
  [low, high]: readonly [Seq, Seq],
  taken: Micros | null,
): StoredTail {
  const found = [
    foundOf(row['hot_seq'], row['hot_us'], row['kind'] === 2),
    foundOf(row['state_seq'], row['state_us'], row['state'] === 'unknown'),
    foundOf(row['sealed_seq'], row['sealed_us'], false),
    foundOf(row['prev_seq'], null, false),
  ].filter((each) => each !== null && each.seq >= low && each.seq < high)
  const last = found.reduce<Found | null>(
    (a, b) => (a !== null && a.seq >= (b?.seq ?? 0) ? a : b),
    null,
  )
  const { seq, recv, gap } = last ?? { seq: null, recv: null, gap: false }
  return { seq, recv, gap, taken: taken === null ? null : (micros(row['noticed_us']) ?? taken) }
}

function foundOf(seq: unknown, us: unknown, gap: boolean): Found | null {
  const number = integer(seq)
  return number === null ? null : { seq: number as Seq, recv: micros(us), gap }
}

/**
 * After a leftover was stored, lets the gaps of the epoch that took over begin where it ends, and never earlier than they
 * did. May be repeated. Throws as Postgres does.
 * @param vouched until when the leftover vouches for every market; null when it does not
 * @param filled the last record of each market that it filled, and until when that market's own records vouch for it
 */
export async function shortenGaps(
  tx: TransactionSql,
  epoch: Epoch,
  next: Next,
  vouched: Micros | null,
  filled: ReadonlyMap<Ticker, Filled>,
): Promise<void> {
  const [low, high] = boundsOf(epoch)
  const first = seqOf(next.epoch, 0)
  const rows = [...filled]
  if (rows.length > 0) {
    await tx`
      update kb.book_gaps g
      set from_us = greatest(g.from_us, least(g.noticed_us, f.vouched_us)),
        prev_seq = greatest(g.prev_seq, f.seq)
      from unnest(
        ${textArray(rows.map(([market]) => market))}::text[],
        ${integerArray(rows.map(([, { seq }]) => seq))}::int8[],
        ${integerArray(rows.map(([, { vouched: until }]) => until))}::int8[]) f (ticker, seq, vouched_us)
      join kb.markets m on m.ticker = f.ticker
      where g.market_id = m.id and g.seq = ${first} and g.cause = 'epoch'
        and g.prev_seq >= ${low} and g.prev_seq < ${high}
        and (g.prev_seq < f.seq or g.from_us < least(g.noticed_us, f.vouched_us))`
  }
  if (vouched === null) return
  await tx`
    update kb.book_gaps
    set from_us = least(noticed_us, ${vouched}::int8)
    where seq = ${first} and cause = 'epoch' and prev_seq >= ${low} and prev_seq < ${high}
      and from_us < least(noticed_us, ${vouched}::int8)`
}

/**
 * Ends the gaps that a leftover itself holds where the gap of whoever took over ends. May be repeated. Throws as Postgres
 * does.
 */
export async function closeFilledGaps(tx: TransactionSql, epoch: Epoch, next: Next): Promise<void> {
  const [low, high] = boundsOf(epoch)
  await tx`
    update kb.book_gaps g set to_us = taken.to_us
    from kb.book_gaps taken
    where g.to_us is null and g.seq >= ${low} and g.seq < ${high}
      and taken.market_id = g.market_id and taken.seq = ${seqOf(next.epoch, 0)}
      and taken.cause = 'epoch' and taken.to_us is not null`
}

function boundsOf(epoch: Epoch): [Seq, Seq] {
  return [seqOf(epoch, 0), seqOf((epoch + 1) as Epoch, 0)]
}
