import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer } from '#core/log-row'
import { textArray } from './array-literal.ts'
import type { Hold } from './lease.ts'
import type { EventRow, MarketRow, SeriesRow } from './metadata-rows.ts'
import { type RefusedRow, upsert } from './upsert.ts'

/** What an upsert answers: the rows that Postgres would not take, or that the lease is lost. */
export type Upserted = { readonly refused: readonly RefusedRow[] } | 'lease_lost'

/** Stores series, new or changed. Idempotent. Throws as Postgres does. */
export function upsertSeries(
  sql: Sql,
  hold: Hold,
  rows: readonly SeriesRow[],
  nowUs: Micros,
): Promise<Upserted> {
  return upsert(sql, hold, rows, async (tx, json) => {
    await tx`
      insert into kb.series as s (ticker, title, category, frequency, tags, fee_type,
        fee_multiplier, raw, updated_us)
      select ticker, title, category, frequency, tags, fee_type, fee_multiplier, raw, ${nowUs}::int8
      from jsonb_to_recordset(${json}::text::jsonb) as r (ticker text, title text, category text,
        frequency text, tags jsonb, fee_type text, fee_multiplier text, raw jsonb)
      on conflict (ticker) do update set title = excluded.title, category = excluded.category,
        frequency = excluded.frequency, tags = excluded.tags, fee_type = excluded.fee_type,
        fee_multiplier = excluded.fee_multiplier, raw = excluded.raw,
        updated_us = excluded.updated_us
      where s.raw is distinct from excluded.raw`
  })
}

/** Stores events, new or changed. Idempotent. Throws as Postgres does. */
export function upsertEvents(
  sql: Sql,
  hold: Hold,
  rows: readonly EventRow[],
  nowUs: Micros,
): Promise<Upserted> {
  return upsert(sql, hold, rows, async (tx, json) => {
    await tx`
      insert into kb.events as e (ticker, series_ticker, title, sub_title, category,
        mutually_exclusive, collateral_return_type, raw, updated_us)
      select ticker, series_ticker, title, sub_title, category, mutually_exclusive,
        collateral_return_type, raw, ${nowUs}::int8
      from jsonb_to_recordset(${json}::text::jsonb) as r (ticker text, series_ticker text,
        title text, sub_title text, category text, mutually_exclusive boolean,
        collateral_return_type text, raw jsonb)
      on conflict (ticker) do update set series_ticker = excluded.series_ticker,
        title = excluded.title, sub_title = excluded.sub_title, category = excluded.category,
        mutually_exclusive = excluded.mutually_exclusive,
        collateral_return_type = excluded.collateral_return_type, raw = excluded.raw,
        updated_us = excluded.updated_us
      where e.raw is distinct from excluded.raw or e.series_ticker is distinct from excluded.series_ticker`
  })
}

/** Stores markets, new or changed. Idempotent; a market keeps its id. Throws as Postgres does. */
export function upsertMarkets(
  sql: Sql,
  hold: Hold,
  rows: readonly MarketRow[],
  nowUs: Micros,
): Promise<Upserted> {
  // Changed rows first, then new ones: `on conflict do update` would use up an id for every row that is there already.
  return upsert(sql, hold, rows, async (tx, json) => {
    await tx`
      with given as (select * from jsonb_populate_recordset(null::kb.markets, ${json}::text::jsonb))
      update kb.markets m set
        event_ticker = g.event_ticker, series_ticker = g.series_ticker, title = g.title,
        yes_sub_title = g.yes_sub_title, no_sub_title = g.no_sub_title,
        market_type = g.market_type, status = g.status, open_us = g.open_us,
        close_us = g.close_us, expected_expiration_us = g.expected_expiration_us,
        latest_expiration_us = g.latest_expiration_us, rules_primary = g.rules_primary,
        rules_secondary = g.rules_secondary, strike_type = g.strike_type,
        floor_strike = g.floor_strike, cap_strike = g.cap_strike,
        price_level_structure = g.price_level_structure, price_ranges = g.price_ranges,
        result = g.result, settlement_value = g.settlement_value,
        settlement_us = g.settlement_us, can_close_early = g.can_close_early, raw = g.raw,
        updated_us = ${nowUs}::int8
      from given g
      where m.ticker = g.ticker
        and (m.raw is distinct from g.raw or m.series_ticker is distinct from g.series_ticker)`
    await tx`
      with given as (select * from jsonb_populate_recordset(null::kb.markets, ${json}::text::jsonb))
      insert into kb.markets (ticker, event_ticker, series_ticker, title, yes_sub_title,
        no_sub_title, market_type, status, open_us, close_us, expected_expiration_us,
        latest_expiration_us, rules_primary, rules_secondary, strike_type, floor_strike,
        cap_strike, price_level_structure, price_ranges, result, settlement_value,
        settlement_us, can_close_early, raw, first_seen_us, updated_us)
      select ticker, event_ticker, series_ticker, title, yes_sub_title,
        no_sub_title, market_type, status, open_us, close_us, expected_expiration_us,
        latest_expiration_us, rules_primary, rules_secondary, strike_type, floor_strike,
        cap_strike, price_level_structure, price_ranges, result, settlement_value,
        settlement_us, can_close_early, raw, ${nowUs}::int8, ${nowUs}::int8
      from given g
      where not exists (select from kb.markets m where m.ticker = g.ticker)
      on conflict (ticker) do nothing`
  })
}

/** The ids of the markets among these tickers that are stored. Throws as Postgres does. */
export async function marketIds(
  sql: Sql,
  tickers: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sql`
    select ticker, id from kb.markets where ticker = any(${textArray(tickers)}::text[])`
  return new Map(rows.map((row) => [String(row['ticker']), integer(row['id']) as number]))
}

/**
 * Makes the log's hourly partitions that are missing, from the hour of `fromUs` on.
 * @returns how many were made
 * Throws as Postgres does, also when the lock is not had within 2 s: rows go to the default partition until a later call.
 */
export async function ensurePartitions(sql: Sql, fromUs: Micros, hours: number): Promise<number> {
  const [row] = await sql`select kb.make_book_partitions(${fromUs}::int8, ${hours}::int4) as made`
  return integer(row?.['made']) ?? 0
}
