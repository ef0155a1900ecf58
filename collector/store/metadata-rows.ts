import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'

/** A series as the exchange describes it; `raw` is its object as it was. */
export type SeriesRow = {
  readonly ticker: string
  readonly title: string
  readonly category: string | null
  readonly frequency: string | null
  readonly tags: readonly string[] | null
  readonly fee_type: string | null
  /** Decimal text. */
  readonly fee_multiplier: string | null
  readonly categories?: readonly string[] | null
  readonly settlement_sources?: unknown
  readonly contract_url?: string | null
  readonly contract_terms_url?: string | null
  readonly additional_prohibitions?: unknown
  readonly product_metadata?: unknown
  readonly exchange_index?: number | null
  readonly raw: unknown
}

/** An event as the exchange describes it; `raw` is its object as it was. */
export type EventRow = {
  readonly ticker: string
  readonly series_ticker: string | null
  readonly title: string
  readonly sub_title: string | null
  readonly category: string | null
  readonly mutually_exclusive: boolean | null
  readonly collateral_return_type: string | null
  readonly strike_us?: Micros | null
  readonly strike_period?: string | null
  readonly settlement_sources?: unknown
  readonly product_metadata?: unknown
  readonly fee_type_override?: string | null
  /** Decimal text. */
  readonly fee_multiplier_override?: string | null
  readonly exchange_index?: number | null
  readonly raw: unknown
}

/** A market as the exchange describes it; strikes and values are decimal text, `raw` is its object as it was. */
export type MarketRow = {
  readonly ticker: Ticker
  readonly event_ticker: string
  readonly series_ticker: string | null
  readonly title: string
  readonly yes_sub_title: string | null
  readonly no_sub_title: string | null
  readonly market_type: string
  readonly status: string
  readonly open_us: Micros | null
  readonly close_us: Micros | null
  readonly expected_expiration_us: Micros | null
  readonly latest_expiration_us: Micros | null
  readonly rules_primary: string | null
  readonly rules_secondary: string | null
  readonly strike_type: string | null
  readonly floor_strike: string | null
  readonly cap_strike: string | null
  readonly price_level_structure: string | null
  readonly price_ranges: unknown
  readonly result: string | null
  readonly settlement_value: string | null
  readonly settlement_us: Micros | null
  readonly can_close_early: boolean | null
  readonly subtitle?: string | null
  readonly created_us?: Micros | null
  readonly occurrence_us?: Micros | null
  readonly fee_waiver_expiration_us?: Micros | null
  readonly settlement_timer_seconds?: number | null
  readonly notional_value?: string | null
  readonly early_close_condition?: string | null
  readonly functional_strike?: string | null
  readonly custom_strike?: unknown
  readonly expiration_value?: string | null
  readonly is_provisional?: boolean | null
  readonly exchange_index?: number | null
  readonly primary_participant_key?: string | null
  readonly mve_collection_ticker?: string | null
  readonly mve_selected_legs?: unknown
  /** Up to when the exchange's other words count as known to this one, our clock; absent for all of them. */
  readonly seen_us?: Micros
  /** No change will tell of the result: it was there before we were. */
  readonly untold?: boolean
  readonly raw: unknown
}
