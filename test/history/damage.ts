import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Sql } from 'postgres'
import { decodeSegment, encodeSegment } from '#core/segment-codec'
import type { MadeHistory } from './made-history.ts'

/** Where a store was made wrong: between these instants (µs) of this market the answers must show it. */
export type Damage = { readonly ticker: string; readonly from: number; readonly to: number }

/** Ways to make a store wrong in one place, each of which must be noticed. Each throws when it finds no such place. */
export const DAMAGES: Readonly<Record<string, (sql: Sql, made: MadeHistory) => Promise<Damage>>> = {
  'one more hundredth of a contract in a segment': async (sql) => {
    const rows = await sql`
      select m.ticker, s.market_id, s.first_us, s.first_seq, s.last_us, s.data
      from kb.book_segments s join kb.markets m on m.id = s.market_id
      where s.deltas > 3 and ${untouched(sql)} order by s.first_seq, s.market_id`
    for (const row of rows) {
      const segment = decodeSegment(inflateRawSync(row['data']))
      const at = segment?.records.findIndex(({ kind }) => kind === 'snapshot') ?? -1
      const record = segment?.records[at]
      if (segment === null || record?.kind !== 'snapshot') continue
      const [[price, size] = [], ...rest] = record.yes
      if (price === undefined || size === undefined) continue
      const yes = [[price, (size + 1) as typeof size] as const, ...rest]
      const records = segment.records.with(at, { ...record, yes })
      const data = deflateRawSync(encodeSegment({ ...segment, records }))
      await sql`
        update kb.book_segments set data = ${data} where market_id = ${row['market_id']}
          and first_us = ${row['first_us']} and first_seq = ${row['first_seq']}`
      return placeOf(row, 'first_us', 'last_us')
    }
    throw new Error('no such segment')
  },

  'a segment that is not there': async (sql) => {
    const [row] = await sql`
      delete from kb.book_segments s using kb.markets m
      where m.id = s.market_id and (s.market_id, s.first_us, s.first_seq) = (
        select s.market_id, s.first_us, s.first_seq from kb.book_segments s
        where s.deltas > 3 and ${untouched(sql)} and not exists (
          select from kb.book_deltas d
          where d.market_id = s.market_id and d.seq between s.first_seq and s.last_seq)
        order by s.first_seq desc limit 1)
      returning m.ticker, s.first_us, s.last_us`
    return placeOf(row, 'first_us', 'last_us')
  },

  'a gap that ends a microsecond late': async (sql) => {
    const [row] = await sql`
      update kb.book_gaps g set to_us = g.to_us + 1 from kb.markets m
      where m.id = g.market_id and (g.market_id, g.seq) = (
        select a.market_id, a.seq from kb.book_gaps a
        where a.to_us > a.noticed_us and not exists (
          select from kb.book_gaps b where b.market_id = a.market_id and b.seq <> a.seq
            and b.from_us <= a.to_us and coalesce(b.to_us, a.to_us) >= a.to_us)
        order by a.market_id desc limit 1)
      returning m.ticker, g.to_us - 1 as at`
    return placeOf(row, 'at')
  },

  'a gap that was found later, and forgotten': async (sql, { through }) => {
    const [row] = await sql`
      delete from kb.book_gaps g using kb.markets m
      where m.id = g.market_id and (g.market_id, g.seq) = (
        select a.market_id, a.seq from kb.book_gaps a
        where a.cause = 'mismatch' and a.from_us + 1 < a.noticed_us and a.to_us < ${through}
          and not exists (
            select from kb.book_gaps b where b.market_id = a.market_id and b.seq <> a.seq
              and b.from_us <= a.from_us + 1 and coalesce(b.to_us, a.to_us) > a.from_us)
        order by a.market_id limit 1)
      returning m.ticker, g.from_us + 1 as at`
    return placeOf(row, 'at')
  },

  'a hot row that is not there': async (sql, { through }) => {
    const [row] = await sql`
      delete from kb.book_deltas d using kb.markets m
      where m.id = d.market_id and (d.market_id, d.seq) = (
        select market_id, seq from kb.book_deltas d
        where kind = 1 and recv_us < ${through} and not exists (
          select from kb.book_segments s
          where s.market_id = d.market_id and s.first_seq <= d.seq and s.last_seq >= d.seq)
          and not exists (
            select from kb.book_gaps g
            where g.market_id = d.market_id and g.from_us < d.recv_us
              and coalesce(g.to_us, d.recv_us + 1) > d.recv_us)
        order by recv_us desc, seq desc limit 1)
      returning m.ticker, d.recv_us as at`
    return placeOf(row, 'at')
  },

  'a watermark that runs ahead': async (sql, { through, markets }) => {
    await sql`
      update kb.epochs set recorded_through_us = recorded_through_us + 1
      where recorded_through_us = ${through}`
    return { ticker: markets[0]?.ticker ?? '', from: through, to: through }
  },
}

/** Of segments: over which no gap lies. */
function untouched(sql: Sql) {
  return sql`not exists (
    select from kb.book_gaps g
    where g.market_id = s.market_id and g.from_us <= s.last_us
      and coalesce(g.to_us, s.last_us) >= s.first_us)`
}

function placeOf(
  row: Readonly<Record<string, unknown>> | undefined,
  from: string,
  to = from,
): Damage {
  if (row === undefined) throw new Error('no such place')
  return { ticker: String(row['ticker']), from: Number(row[from]), to: Number(row[to]) }
}
