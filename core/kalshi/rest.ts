import { z } from 'zod'

/**
 * The exchange's REST objects as far as we read them, as its OpenAPI 3.30 states them
 * (https://docs.kalshi.com/openapi.yaml). Everything else passes through and is kept as it was.
 */
const text = z.string()
const optional = text.nullish()
const strike = z.number().nullish()

export const kalshiMarket = z.looseObject({
  ticker: text,
  event_ticker: text,
  market_type: text,
  title: optional,
  yes_sub_title: optional,
  no_sub_title: optional,
  status: text,
  open_time: optional,
  close_time: optional,
  expected_expiration_time: optional,
  latest_expiration_time: optional,
  rules_primary: optional,
  rules_secondary: optional,
  strike_type: optional,
  floor_strike: strike,
  cap_strike: strike,
  price_level_structure: optional,
  price_ranges: z.array(z.object({ start: text, end: text, step: text })).nullish(),
  result: optional,
  settlement_value_dollars: optional,
  settlement_ts: optional,
  can_close_early: z.boolean().nullish(),
})
export const kalshiEvent = z.looseObject({
  event_ticker: text,
  series_ticker: text,
  title: text,
  sub_title: optional,
  category: optional,
  mutually_exclusive: z.boolean().nullish(),
  collateral_return_type: optional,
})
export const kalshiSeries = z.looseObject({
  ticker: text,
  title: text,
  category: optional,
  frequency: optional,
  tags: z.array(text).nullish(),
  fee_type: optional,
  fee_multiplier: z.number().nullish(),
})

/** A page: its cursor is empty, null or absent at the end. */
const cursor = text.nullish()
export const marketsPage = z.object({ markets: z.array(z.unknown()), cursor })
export const eventsPage = z.object({ events: z.array(z.unknown()), cursor })
export const seriesList = z.object({ series: z.array(z.unknown()) })

export type KalshiMarket = z.infer<typeof kalshiMarket>
