import type { CoverageParts, Stretch } from '#core/coverage'
import type { Micros } from '#core/instant'
import { micros } from '#core/log-row'
import type { Ask } from './ask.ts'

const DAY_US = 86_400_000_000

/**
 * How many records of a market are held of each UTC day, and its gaps: in one statement, so that no record is counted both
 * hot and sealed; and from when on days are kept. Of segments the key alone is read. Throws as Postgres does.
 * @param days whole days
 */
export async function readDays(
  ask: Ask,
  marketId: number,
  { fromUs, toUs }: Stretch,
): Promise<Pick<CoverageParts, 'records' | 'gaps'> & { readonly keptFromUs: Micros }> {
  const [row] = await ask({
    text: `
      select
        (select json_agg(json_build_array(day, records, deltas)) from (
          select day, sum(records)::int8 as records, sum(deltas)::int8 as deltas from (
            select first_us - first_us % ${DAY_US} as day, sum(records) as records, sum(deltas) as deltas
            from kb.book_segments
            where market_id = $1::int4 and first_us >= $2::int8 and first_us < $3::int8
            group by 1
            union all
            select recv_us - recv_us % ${DAY_US}, count(*), count(*) filter (where kind = 1)
            from kb.book_deltas
            where market_id = $1::int4 and recv_us >= $2::int8 and recv_us < $3::int8
              and seq > coalesce((select last_seq from kb.sealed_logs where market_id = $1::int4), -1)
            group by 1) either
          group by day) days),
        (select json_agg(json_build_array(from_us, to_us)) from kb.book_gaps
          where market_id = $1::int4 and from_us < $3::int8 and (to_us is null or to_us > $2::int8)),
        kb.kept_from('segments')`,
    params: [marketId, fromUs, toUs].map(String),
  })
  const days = JSON.parse(row?.[0] ?? '[]') as (readonly [Micros, number, number])[]
  const gaps = JSON.parse(row?.[1] ?? '[]') as (readonly [Micros, Micros | null])[]
  return {
    records: days.map(([day, records, deltas]) => ({ day, records, deltas })),
    gaps: gaps.map(([from, to]) => ({ from, to })),
    keptFromUs: micros(row?.[2]) ?? (0 as Micros),
  }
}
