import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'
import type { Hole, TradeRecord } from '#core/trade-holes'
import { SLICE } from './slice.ts'

/**
 * What the store holds of all markets' trades. To be read before the trades are: what it calls final is there then, and a
 * hole that is filled meanwhile is still told. Throws as Postgres does.
 * @param kinds what must not have been dropped: trades, and for candles quotes
 */
export async function readTradeRecord(
  sql: Sql,
  kinds: readonly ('trades' | 'quotes')[] = ['trades'],
): Promise<TradeRecord> {
  const [row] = await sql`
    select max(e.recorded_through_us) as through_us,
      greatest(min(e.opened_us), (
        select max(kept_from_us) from kb.retention
        where kind in (select jsonb_array_elements_text(${sql.json([...kinds])})))) as begins_us,
      (select jsonb_agg(jsonb_build_array(from_us, to_us) order by from_us)
        from kb.trade_holes where filled_us is null) as holes
    from kb.epochs e where e.slice = ${SLICE}`
  const through = micros(row?.['through_us'])
  const holes = (row?.['holes'] ?? []) as (readonly [Micros, Micros | null])[]
  const unfilled: Hole[] = holes.map(([from, to]) => ({ from, to }))
  return { begins: through === null ? null : micros(row?.['begins_us']), through, unfilled }
}
