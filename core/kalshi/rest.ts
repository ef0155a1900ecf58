import { z } from 'zod'

/**
 * The exchange's REST objects as far as we read them, as its OpenAPI 3.30 states them
 * (https://docs.kalshi.com/openapi.yaml). Everything else passes through and is kept as it was.
 */
const text = z.string()
const optional = text.nullish()
const flag = z.boolean().nullish()
const number = z.number().nullish()
const anything = z.unknown().optional()

export const kalshiMarket = z.looseObject({
  ticker: text,
  event_ticker: text,
  market_type: text,
  title: optional,
  subtitle: optional,
  yes_sub_title: optional,
  no_sub_title: optional,
  status: text,
  created_time: optional,
  updated_time: optional,
  open_time: optional,
  close_time: optional,
  expected_expiration_time: optional,
  latest_expiration_time: optional,
  occurrence_datetime: optional,
  fee_waiver_expiration_time: optional,
  settlement_timer_seconds: number,
  notional_value_dollars: optional,
  rules_primary: optional,
  rules_secondary: optional,
  early_close_condition: optional,
  strike_type: optional,
  floor_strike: number,
  cap_strike: number,
  functional_strike: optional,
  custom_strike: anything,
  price_level_structure: optional,
  price_ranges: z.array(z.object({ start: text, end: text, step: text })).nullish(),
  result: optional,
  expiration_value: optional,
  settlement_value_dollars: optional,
  settlement_ts: optional,
  can_close_early: flag,
  volume_24h_fp: optional,
  is_provisional: flag,
  exchange_index: number,
  primary_participant_key: optional,
  mve_collection_ticker: optional,
  mve_selected_legs: anything,
})
export const kalshiEvent = z.looseObject({
  event_ticker: text,
  series_ticker: text,
  title: text,
  sub_title: optional,
  category: optional,
  mutually_exclusive: flag,
  collateral_return_type: optional,
  strike_date: optional,
  strike_period: optional,
  settlement_sources: anything,
  product_metadata: anything,
  fee_type_override: optional,
  fee_multiplier_override: number,
  exchange_index: number,
})
export const kalshiSeries = z.looseObject({
  ticker: text,
  title: text,
  category: optional,
  categories: z.array(text).nullish(),
  frequency: optional,
  tags: z.array(text).nullish(),
  settlement_sources: anything,
  contract_url: optional,
  contract_terms_url: optional,
  additional_prohibitions: anything,
  product_metadata: anything,
  fee_type: optional,
  fee_multiplier: number,
  exchange_index: number,
})

/** Fields of a market that trading changes; all others are what `updated_time` speaks of. */
export const TRADING_FIELDS = [
  'yes_bid_dollars',
  'yes_ask_dollars',
  'no_bid_dollars',
  'no_ask_dollars',
  'yes_bid_size_fp',
  'yes_ask_size_fp',
  'last_price_dollars',
  'previous_yes_bid_dollars',
  'previous_yes_ask_dollars',
  'previous_price_dollars',
  'volume_fp',
  'volume_24h_fp',
  'open_interest_fp',
  'liquidity_dollars',
] as const

/** A page: its cursor is empty, null or absent at the end. */
const cursor = text.nullish()
const list = z.array(z.unknown())
export const marketsPage = z.object({ markets: list, cursor })
export const eventsPage = z.object({ events: list, cursor })
export const seriesList = z.object({ series: list })
export const oneMarket = z.object({ market: z.unknown() })
export const oneEvent = z.object({ event: z.unknown() })
export const oneSeries = z.object({ series: z.unknown() })

/** A trade of `GET /markets/trades`; on the websocket its `ticker` is `market_ticker`. */
export const kalshiTrade = z.object({
  trade_id: text.min(1),
  ticker: text,
  count_fp: text,
  yes_price_dollars: text,
  no_price_dollars: text,
  taker_outcome_side: z.enum(['yes', 'no']),
  created_time: text,
  is_block_trade: z.boolean().default(false),
})
/** Newest first. */
export const tradesPage = z.object({ trades: list, cursor })

/** Also the body of a 500, 503 or 504 while the exchange rests. */
export const exchangeStatus = z.looseObject({
  exchange_active: z.boolean(),
  trading_active: z.boolean(),
  exchange_estimated_resume_time: optional,
})
/** Tokens of the account: how many come back a second and how many can be saved. */
export const accountLimits = z.looseObject({
  usage_tier: optional,
  read: z.looseObject({
    refill_rate: z.number().positive(),
    bucket_capacity: z.number().positive(),
  }),
})

export type KalshiMarket = z.infer<typeof kalshiMarket>
export type KalshiTrade = z.infer<typeof kalshiTrade>
export type ExchangeStatus = z.infer<typeof exchangeStatus>
