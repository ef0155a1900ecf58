import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import { CHANGE_KINDS, CHANGE_SUBJECTS, type ToldChange } from '#core/market-change'
import type { Market } from './markets.ts'
import { SLICE } from './slice.ts'

/** A change and the key of its place among those that were heard at the same moment. */
export type StoredChange = { readonly change: ToldChange; readonly key: string }

export type ChangeSpan = {
  /** Inclusive, µs of recv. */
  readonly fromUs: Micros | undefined
  /** Exclusive. */
  readonly toUs: Micros | undefined
  readonly after: { readonly recvUs: number; readonly key: string } | null
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

export type ChangePage = {
  readonly rows: readonly StoredChange[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/**
 * What happened to a market, its event and its series, in the order in which we heard it, at most `limit`. What was heard at
 * one moment comes in the order in which it must have happened. Throws as Postgres does.
 */
export async function listChanges(
  sql: Sql,
  { id, ticker, event, series }: Pick<Market, 'id' | 'ticker' | 'event' | 'series'>,
  { fromUs, toUs, after, order, limit }: ChangeSpan,
): Promise<ChangePage> {
  const down = order === 'desc' ? sql`desc` : sql``
  const place = after && sql`(${after.recvUs}::int8, ${after.key}::text collate "C")`
  const inside = sql`true
    ${fromUs === undefined ? sql`` : sql`and recv_us >= ${fromUs}`}
    ${toUs === undefined ? sql`` : sql`and recv_us < ${toUs}`}
    ${after === null ? sql`` : order === 'desc' ? sql`and recv_us <= ${after.recvUs}` : sql`and recv_us >= ${after.recvUs}`}`
  const columns = sql`kind, at_us, recv_us, source, detail`
  const rows = await sql`
    select w.through_us, c.*
    from (select max(recorded_through_us) as through_us from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select * from (
        select o.*, (
          lpad(array_position(${`{${CHANGE_KINDS.join(',')}}`}::text[], kind)::text, 2, '0') || subject || '-'
          || md5(concat(at_us, ' ', detail))) collate "C" as key
        from (
          select 0 as subject, ${columns} from kb.lifecycle where market_id = ${id} and ${inside}
          union all
          select 1, ${columns} from kb.lifecycle where event_ticker = ${event} and ${inside}
          union all
          select 2, ${columns} from kb.lifecycle
          where event_ticker = ${series} and ${series} <> ${event} and ${inside}) o) k
      where true
        ${place === null ? sql`` : order === 'desc' ? sql`and (recv_us, key) < ${place}` : sql`and (recv_us, key) > ${place}`}
      order by recv_us ${down}, key ${down} limit ${limit}) c on true
    order by c.recv_us ${down}, c.key ${down}`
  const tickers = [ticker, event, series ?? '']
  const found = rows.filter((row) => row['key'] !== null)
  return {
    rows: found.map((row) => ({ key: row['key'] as string, change: changeOf(row, tickers) })),
    throughUs: micros(rows[0]?.['through_us']),
  }
}

function changeOf(row: Record<string, unknown>, tickers: readonly string[]): ToldChange {
  const subject = integer(row['subject']) ?? 0
  return {
    subject: CHANGE_SUBJECTS[subject] ?? 'market',
    ticker: tickers[subject] ?? '',
    kind: row['kind'] as ToldChange['kind'],
    at: micros(row['at_us']),
    recv: integer(row['recv_us']) as Micros,
    detail: row['detail'] as Record<string, unknown>,
    source: row['source'] as ToldChange['source'],
  }
}
