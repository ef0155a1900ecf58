import type { Sql, TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import { TRADING_FIELDS } from '#core/kalshi/rest'
import { integer } from '#core/log-row'
import { textArray } from './array-literal.ts'
import type { Hold } from './lease.ts'
import type { EventRow, MarketRow, SeriesRow } from './metadata-rows.ts'
import { type RefusedRow, upsert } from './upsert.ts'

/** What an upsert answers: the rows that Postgres would not take, or that the lease is lost. */
export type Upserted = { readonly refused: readonly RefusedRow[] } | 'lease_lost'

const SERIES_COLUMNS = `
  title, category, frequency, tags, fee_type, fee_multiplier, categories,
  settlement_sources, contract_url, contract_terms_url, additional_prohibitions,
  product_metadata, exchange_index, raw`

/** Stores series, new or changed. Idempotent. Throws as Postgres does. */
export function upsertSeries(
  sql: Sql,
  hold: Hold,
  rows: readonly SeriesRow[],
  nowUs: Micros,
): Promise<Upserted> {
  return upsert(sql, hold, rows, async (tx, json) => {
    const columns = tx.unsafe(SERIES_COLUMNS)
    await tx`
      insert into kb.series as s (ticker, ${columns}, updated_us)
      select ticker, ${columns}, ${nowUs}::int8
      from jsonb_populate_recordset(null::kb.series, ${json}::text::jsonb)
      on conflict (ticker) do update set
        (${columns}, updated_us) = (select ${columns}, updated_us from (select excluded.*) x)
      where (select row(${columns}) from (select s.*) x)
        is distinct from (select row(${columns}) from (select excluded.*) x)`
  })
}

const EVENT_COLUMNS = `
  series_ticker, title, sub_title, category, mutually_exclusive, collateral_return_type,
  strike_us, strike_period, settlement_sources, product_metadata, fee_type_override,
  fee_multiplier_override, exchange_index, raw`

/** Stores events, new or changed. Idempotent. Throws as Postgres does. */
export function upsertEvents(
  sql: Sql,
  hold: Hold,
  rows: readonly EventRow[],
  nowUs: Micros,
): Promise<Upserted> {
  return upsert(sql, hold, rows, async (tx, json) => {
    const columns = tx.unsafe(EVENT_COLUMNS)
    await tx`
      insert into kb.events as e (ticker, ${columns}, updated_us)
      select ticker, ${columns}, ${nowUs}::int8
      from jsonb_populate_recordset(null::kb.events, ${json}::text::jsonb)
      on conflict (ticker) do update set
        (${columns}, updated_us) = (select ${columns}, updated_us from (select excluded.*) x)
      where (select row(${columns}) from (select e.*) x)
        is distinct from (select row(${columns}) from (select excluded.*) x)`
  })
}

/** What the description of a market alone tells. */
const TEXT_COLUMNS = `
  event_ticker, series_ticker, title, subtitle, yes_sub_title, no_sub_title, market_type,
  open_us, expected_expiration_us, latest_expiration_us, created_us, occurrence_us,
  fee_waiver_expiration_us, settlement_timer_seconds, notional_value, rules_primary,
  rules_secondary, early_close_condition, strike_type, floor_strike, cap_strike,
  functional_strike, custom_strike, expiration_value, can_close_early, is_provisional,
  exchange_index, primary_participant_key, mve_collection_ticker, mve_selected_legs`
/** A description in which only these differ is the same: they change with every trade. */
const TRADING = textArray(TRADING_FIELDS)
/** What changes tell too (`patchMarkets`): one that came after the description was asked for counts more. */
const STATE_COLUMNS = `
  status, close_us, price_level_structure, price_ranges, result, settlement_value,
  settlement_us`

/** Stores markets, new or changed. Idempotent; a market keeps its id. Throws as Postgres does. */
export function upsertMarkets(
  sql: Sql,
  hold: Hold,
  rows: readonly MarketRow[],
  nowUs: Micros,
): Promise<Upserted> {
  return upsert(sql, hold, rows, async (tx, json) => {
    const [text, state] = [tx.unsafe(TEXT_COLUMNS), tx.unsafe(STATE_COLUMNS)]
    const current = tx`coalesce(m.changed_us, 0) <= g.seen_us`
    // No `on conflict do update`: it would use up an id for every row that is there already.
    await tx`
      with given as materialized (
        select r as market, r.ticker, coalesce((j ->> 'seen_us')::int8, ${nowUs}::int8) as seen_us
        from jsonb_array_elements(${json}::text::jsonb) j
        cross join lateral jsonb_populate_record(null::kb.markets, j) r),
      changed as (
        update kb.markets m set
          (${text}, raw, updated_us) =
            (select ${text}, raw, ${nowUs}::int8 from (select (g.market).*) x),
          (${state}) =
            (select ${state} from (select (case when ${current} then g.market else m end).*) x)
        from given g
        where m.ticker = g.ticker and (
          (select row(${text}) from (select m.*) x)
            is distinct from (select row(${text}) from (select (g.market).*) x)
          or m.raw - ${TRADING}::text[] is distinct from (g.market).raw - ${TRADING}::text[]
          or (${current} and (select row(${state}) from (select m.*) x)
            is distinct from (select row(${state}) from (select (g.market).*) x))))
      insert into kb.markets (ticker, ${text}, ${state}, raw, first_seen_us, updated_us)
      select ticker, ${text}, ${state}, raw, ${nowUs}::int8, ${nowUs}::int8
      from (select (market).* from given) g
      where not exists (select from kb.markets m where m.ticker = g.ticker)
      on conflict (ticker) do nothing`
    if (json.includes('"untold":true')) await insertUntold(tx, json, nowUs)
  })
}

/** Results that were there before we were, of which no change will tell. */
async function insertUntold(tx: TransactionSql, json: string, nowUs: Micros): Promise<void> {
  await tx`
    insert into kb.settlements (market_id, n, result, settlement_value, settled_us, recv_us, source)
    select m.id, 0, g.result, g.settlement_value, g.settlement_us, coalesce(g.seen_us, ${nowUs}::int8), 'rest'
    from jsonb_to_recordset(${json}::text::jsonb) as g (ticker text, result text, settlement_value text,
      settlement_us int8, seen_us int8, untold boolean)
    join kb.markets m on m.ticker = g.ticker
    where g.untold and g.result <> '' and not exists (select from kb.settlements s where s.market_id = m.id)
    on conflict do nothing`
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
