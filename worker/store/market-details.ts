import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer, micros } from '#core/log-row'
import { type ListedMarket, listed, listedOf, recorded } from './markets.ts'

/** Fees as the exchange put them: of the series, unless the event has its own. The multiplier is decimal text. */
export type Fees = { readonly type: string | null; readonly multiplier: string | null }

/** The last result that the exchange gave. The value is what a yes pays, decimal dollars. */
export type Settlement = {
  readonly result: string
  readonly value: string | null
  readonly determined: Micros | null
  readonly settled: Micros | null
}

/** Everything known of a market. Strikes and values are decimal text. */
export type MarketDetails = ListedMarket & {
  readonly subtitle: string | null
  readonly created: Micros | null
  readonly expectedExpiration: Micros | null
  readonly latestExpiration: Micros | null
  readonly occurrence: Micros | null
  readonly feeWaiverExpiration: Micros | null
  readonly settlementTimerSeconds: number | null
  readonly notionalValue: string | null
  readonly rulesPrimary: string | null
  readonly rulesSecondary: string | null
  readonly earlyCloseCondition: string | null
  readonly canCloseEarly: boolean | null
  readonly strikeType: string | null
  readonly floorStrike: string | null
  readonly capStrike: string | null
  readonly functionalStrike: string | null
  readonly customStrike: unknown
  readonly priceLevelStructure: string | null
  readonly priceRanges: unknown
  readonly expirationValue: string | null
  readonly settlementValue: string | null
  readonly settled: Micros | null
  readonly settlement: Settlement | null
  readonly fees: Fees
  readonly isProvisional: boolean | null
  readonly exchangeIndex: number | null
  readonly primaryParticipantKey: string | null
  readonly mveCollection: string | null
  readonly mveSelectedLegs: unknown
  readonly firstSeen: Micros
}

/** Everything known of the market of a ticker, or null when we know none. Throws as Postgres does. */
export async function findDetails(sql: Sql, ticker: string): Promise<MarketDetails | null> {
  const [row] = await sql`
    select w.through_us, ${listed(sql)}, m.subtitle, m.created_us, m.expected_expiration_us, m.latest_expiration_us,
      m.occurrence_us, m.fee_waiver_expiration_us, m.settlement_timer_seconds, m.notional_value,
      m.rules_primary, m.rules_secondary, m.early_close_condition, m.can_close_early, m.strike_type,
      m.floor_strike, m.cap_strike, m.functional_strike, m.custom_strike, m.price_level_structure,
      m.price_ranges, m.expiration_value, m.settlement_value, m.settlement_us, m.is_provisional,
      m.exchange_index, m.primary_participant_key, m.mve_collection_ticker, m.mve_selected_legs,
      m.first_seen_us, coalesce(e.fee_type_override, s.fee_type) as fee_type,
      coalesce(e.fee_multiplier_override, s.fee_multiplier) as fee_multiplier, last.result as last_result,
      last.settlement_value as last_value, last.determined_us, last.settled_us
    from kb.markets m cross join ${recorded(sql)} w
    left join kb.events e on e.ticker = m.event_ticker
    left join kb.series s on s.ticker = coalesce(m.series_ticker, e.series_ticker)
    left join lateral (
      select * from kb.settlements where market_id = m.id order by n desc limit 1) last on true
    where m.ticker = ${ticker}`
  return row === undefined ? null : detailsOf(row)
}

function detailsOf(row: Record<string, unknown>): MarketDetails {
  const text = (column: string) => row[column] as string | null
  return {
    ...listedOf(row, micros(row['through_us'])),
    subtitle: text('subtitle'),
    created: micros(row['created_us']),
    expectedExpiration: micros(row['expected_expiration_us']),
    latestExpiration: micros(row['latest_expiration_us']),
    occurrence: micros(row['occurrence_us']),
    feeWaiverExpiration: micros(row['fee_waiver_expiration_us']),
    settlementTimerSeconds: integer(row['settlement_timer_seconds']),
    notionalValue: text('notional_value'),
    rulesPrimary: text('rules_primary'),
    rulesSecondary: text('rules_secondary'),
    earlyCloseCondition: text('early_close_condition'),
    canCloseEarly: row['can_close_early'] as boolean | null,
    strikeType: text('strike_type'),
    floorStrike: text('floor_strike'),
    capStrike: text('cap_strike'),
    functionalStrike: text('functional_strike'),
    customStrike: row['custom_strike'],
    priceLevelStructure: text('price_level_structure'),
    priceRanges: row['price_ranges'],
    expirationValue: text('expiration_value'),
    settlementValue: text('settlement_value'),
    settled: micros(row['settlement_us']),
    settlement: settlementOf(row),
    fees: { type: text('fee_type'), multiplier: text('fee_multiplier') },
    isProvisional: row['is_provisional'] as boolean | null,
    exchangeIndex: integer(row['exchange_index']),
    primaryParticipantKey: text('primary_participant_key'),
    mveCollection: text('mve_collection_ticker'),
    mveSelectedLegs: row['mve_selected_legs'],
    firstSeen: micros(row['first_seen_us']) as Micros,
  }
}

function settlementOf(row: Record<string, unknown>): Settlement | null {
  if (row['last_result'] === null) return null
  return {
    result: row['last_result'] as string,
    value: row['last_value'] as string | null,
    determined: micros(row['determined_us']),
    settled: micros(row['settled_us']),
  }
}
