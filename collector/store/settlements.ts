import type { TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import type { MarketChange } from '#core/market-change'
import { patchOf } from '#core/market-patch'
import { printStorable } from './storable-json.ts'

type Result = {
  readonly market_id: number
  readonly result: string
  readonly value: string | null
  readonly determined_us: Micros | null
  readonly recv_us: Micros
  readonly source: string
}

/**
 * Stores the results that changes tell: one that differs from its market's last is a further row, and the one that is
 * paid is told so. Idempotent. Throws as Postgres does.
 */
export async function storeSettlements(
  tx: TransactionSql,
  changes: readonly { readonly marketId: number; readonly change: MarketChange }[],
): Promise<void> {
  for (const results of rounds(changes.flatMap(resultOf))) await insertResults(tx, results)
  const paid = changes.flatMap(({ marketId: id, change: { kind, at } }) =>
    kind === 'settled' && at !== null ? [{ id, at }] : [],
  )
  if (paid.length === 0) return
  await tx`
    update kb.settlements s set settled_us = p.at
    from jsonb_to_recordset(${printStorable(paid)}::text::jsonb) as p (id int4, at int8)
    where s.market_id = p.id and s.settled_us is null
      and s.n = (select max(n) from kb.settlements l where l.market_id = p.id)`
}

function resultOf({ marketId, change }: { marketId: number; change: MarketChange }): Result[] {
  const { result, value = null } = patchOf(change) ?? {}
  const { kind, at, recv, source } = change
  if (result === undefined || (kind !== 'determined' && kind !== 'settled')) return []
  const determined_us = kind === 'determined' ? at : null
  return [{ market_id: marketId, result, value, determined_us, recv_us: recv, source }]
}

/** A statement takes one result of a market at a time: the second of each goes into a second round. */
function rounds(results: readonly Result[]): Result[][] {
  const rows: Result[][] = []
  const seen = new Map<number, number>()
  for (const result of results) {
    const round = seen.get(result.market_id) ?? 0
    seen.set(result.market_id, round + 1)
    const into = rows[round] ?? []
    into.push(result)
    rows[round] = into
  }
  return rows
}

async function insertResults(tx: TransactionSql, results: readonly Result[]): Promise<void> {
  await tx`
    insert into kb.settlements (market_id, n, result, settlement_value, determined_us, recv_us, source)
    select r.market_id, coalesce(last.n + 1, 0), r.result, r.value, r.determined_us, r.recv_us, r.source
    from jsonb_to_recordset(${printStorable(results)}::text::jsonb) as r (market_id int4, result text, value text,
      determined_us int8, recv_us int8, source text)
    left join lateral (
      select n, result, settlement_value, recv_us from kb.settlements s
      where s.market_id = r.market_id order by n desc limit 1) last on true
    where last.n is null or (last.recv_us < r.recv_us
      and (last.result <> r.result or last.settlement_value::numeric is distinct from r.value::numeric))
    on conflict do nothing`
  const told = results.filter(({ determined_us }) => determined_us !== null)
  if (told.length === 0) return
  await tx`
    update kb.settlements s set determined_us = r.determined_us
    from jsonb_to_recordset(${printStorable(told)}::text::jsonb) as r (market_id int4, result text, value text,
      determined_us int8)
    where s.market_id = r.market_id and s.determined_us is null and s.result = r.result
      and s.settlement_value::numeric is not distinct from r.value::numeric`
}
