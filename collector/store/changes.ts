import type { TransactionSql } from 'postgres'
import type { MarketChange } from '#core/market-change'
import { type MarketPatch, patchOf } from '#core/market-patch'
import { storeSettlements } from './settlements.ts'
import { printStorable } from './storable-json.ts'

/** A change and its market's id; null for a change of an event or a series. */
export type ChangeRow = { readonly marketId: number | null; readonly change: MarketChange }

/**
 * Stores changes in the history, and what they make different in the description of their markets and events. The same
 * changes any number of times leave the same store, and an old one never undoes a newer. Throws as Postgres does.
 */
export async function insertChanges(tx: TransactionSql, rows: readonly ChangeRow[]): Promise<void> {
  if (rows.length === 0) return
  const history = rows.map(({ marketId, change }) => ({
    market_id: marketId,
    event_ticker: marketId === null ? change.event : null,
    kind: change.kind,
    at_us: change.at,
    recv_us: change.recv,
    source: change.source,
    detail: change.detail,
  }))
  await tx`
    insert into kb.lifecycle (market_id, event_ticker, kind, at_us, recv_us, source, detail)
    select * from jsonb_to_recordset(${printStorable(history)}::text::jsonb)
      as r (market_id int4, event_ticker text, kind text, at_us int8, recv_us int8, source text, detail jsonb)
    on conflict do nothing`
  const changes = rows.flatMap(({ marketId, change }) =>
    marketId === null ? [] : [{ marketId, change }],
  )
  await patchMarkets(tx, changes)
  await storeSettlements(tx, changes)
  await patchEvents(tx, rows)
}

type Patched = MarketPatch & { readonly recv: number }

async function patchMarkets(
  tx: TransactionSql,
  changes: readonly { readonly marketId: number; readonly change: MarketChange }[],
): Promise<void> {
  const patches = new Map<number, Patched>()
  for (const { marketId, change } of changes) {
    const patch = patchOf(change)
    if (patch === null) continue
    const before = patches.get(marketId)
    const recv = Math.max(before?.recv ?? 0, change.recv)
    patches.set(marketId, { ...before, ...patch, recv })
  }
  if (patches.size === 0) return
  const rows = [...patches].map(([id, patch]) => ({ id, ...patch }))
  await tx`
    update kb.markets m set
      status = coalesce(p.status, m.status), close_us = coalesce(p.close, m.close_us),
      result = coalesce(p.result, m.result), settlement_value = coalesce(p.value, m.settlement_value),
      settlement_us = coalesce(p.settled, m.settlement_us),
      price_level_structure = coalesce(p.structure, m.price_level_structure),
      price_ranges = coalesce(p.ranges, m.price_ranges),
      changed_us = p.recv, updated_us = greatest(m.updated_us, p.recv)
    from jsonb_to_recordset(${printStorable(rows)}::text::jsonb) as p (id int4, status text, close int8, result text,
      value text, settled int8, structure text, ranges jsonb, recv int8)
    where m.id = p.id and coalesce(m.changed_us, 0) <= p.recv`
}

async function patchEvents(tx: TransactionSql, rows: readonly ChangeRow[]): Promise<void> {
  const fees = new Map<string, unknown>()
  for (const { change } of rows) {
    const { event, kind, detail } = change
    if (kind !== 'fee' || event === null || !('fee_type_override' in detail)) continue
    fees.set(event, {
      ticker: event,
      type: detail['fee_type_override'] ?? null,
      multiplier: detail['fee_multiplier_override'] ?? null,
    })
  }
  if (fees.size === 0) return
  await tx`
    update kb.events e set fee_type_override = f.type, fee_multiplier_override = f.multiplier
    from jsonb_to_recordset(${printStorable([...fees.values()])}::text::jsonb) as f (ticker text, type text, multiplier text)
    where e.ticker = f.ticker`
}
