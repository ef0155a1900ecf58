import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import type { Settlement } from '#core/settlement'
import type { Market } from './markets.ts'
import { SLICE } from './slice.ts'

export type SettlementPage = {
  readonly rows: readonly Settlement[]
  /** The watermark; null before the first epoch. */
  readonly throughUs: Micros | null
}

/** The results of a market after the n-th, or before it, at most `limit`. Throws as Postgres does. */
export async function listSettlements(
  sql: Sql,
  market: Pick<Market, 'id' | 'ticker'>,
  page: { readonly after: number | null; readonly order: 'asc' | 'desc'; readonly limit: number },
): Promise<SettlementPage> {
  const { after, order, limit } = page
  const down = order === 'desc'
  const rows = await sql`
    select w.through_us, s.*
    from (select max(recorded_through_us) as through_us from kb.epochs where slice = ${SLICE}) w
    left join lateral (
      select * from kb.settlements
      where market_id = ${market.id}
        ${after === null ? sql`` : down ? sql`and n < ${after}` : sql`and n > ${after}`}
      order by n ${down ? sql`desc` : sql``} limit ${limit}) s on true
    order by s.n ${down ? sql`desc` : sql``}`
  const found = rows.filter((row) => row['n'] !== null)
  return {
    rows: found.map((row) => settlementOf(market, row)),
    throughUs: micros(rows[0]?.['through_us']),
  }
}

function settlementOf(
  { ticker }: Pick<Market, 'ticker'>,
  row: Record<string, unknown>,
): Settlement {
  return {
    market: ticker,
    n: integer(row['n']) as number,
    result: row['result'] as string,
    value: row['settlement_value'] as string | null,
    determined: micros(row['determined_us']),
    settled: micros(row['settled_us']),
    recv: integer(row['recv_us']) as Micros,
    source: row['source'] as Settlement['source'],
  }
}
