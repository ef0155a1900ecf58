import { z } from 'zod'

const instant = z.string().nullable().describe('RFC 3339, UTC, microseconds')
const micros = z.int().nullable().describe('Microseconds since 1970')
const text = z.string().nullable()
const decimal = z.string().nullable()

const about = {
  ticker: z.string(),
  event: z.string().describe('The ticker of its event; empty while only its book is known'),
  series: text.describe('The ticker of its series'),
  title: z.string(),
  yes_sub_title: text.describe('What yes stands for'),
  no_sub_title: text,
  market_type: z.string().describe('The exchange’s word: `binary` or `scalar`'),
  market_status: z.string().describe('The exchange’s word, with what the clock adds to it'),
}

/** A row of the list of markets, or of those that a search found. */
export const marketRow = z.object({
  ...about,
  open_us: micros.describe('When trading begins'),
  close_us: micros.describe('When trading ends'),
  result: text.describe('`yes`, `no` or `scalar`; null while there is none'),
  updated_us: z.int().describe('When we last heard something new of it, trading left out'),
  covered: z
    .object({ from_us: micros, through_us: micros })
    .describe('What the record holds of its book: from its first record through the watermark'),
})

/** What a market is charged by, as the exchange put it. */
export const feesAnswer = z
  .object({
    fee_type: text.describe('The exchange’s word, such as `quadratic`'),
    fee_multiplier: decimal,
  })
  .describe('Those of the series, unless the event has its own')

/** Everything known of one market. */
export const marketAnswer = z.object({
  ...about,
  subtitle: text,
  created_ts: instant,
  open_ts: instant.describe('When trading begins'),
  close_ts: instant.describe('When trading ends'),
  expected_expiration_ts: instant,
  latest_expiration_ts: instant,
  occurrence_ts: instant.describe('When what it asks about happens'),
  can_close_early: z.boolean().nullable(),
  early_close_condition: text,
  rules_primary: text,
  rules_secondary: text,
  strike_type: text.describe('How the strikes are meant: `greater`, `between`, …'),
  floor_strike: decimal,
  cap_strike: decimal,
  functional_strike: text,
  custom_strike: z.unknown().describe('As the exchange put it'),
  notional_value: decimal.describe('Dollars that a contract pays at most'),
  price_level_structure: text.describe('The exchange’s name for its price grid'),
  price_ranges: z
    .array(z.object({ start: z.string(), end: z.string(), step: z.string() }))
    .nullable()
    .describe('The price grid: from start to end prices are multiples of step, in dollars'),
  fees: feesAnswer,
  fee_waiver_expiration_ts: instant.describe('No fees are charged until then'),
  result: text.describe('`yes`, `no` or `scalar`; null while there is none'),
  expiration_value: text.describe('What the source said in the end'),
  settlement_value: decimal.describe('Dollars that a yes pays'),
  settlement_ts: instant.describe('When it was paid'),
  settlement_timer_seconds: z.int().nullable().describe('From its result to its payment'),
  settlement: z
    .object({
      result: z.string(),
      settlement_value: decimal,
      determined_ts: instant,
      settled_ts: instant,
    })
    .nullable()
    .describe('The last result that the exchange gave; all are in /v1/settlements'),
  is_provisional: z.boolean().nullable(),
  exchange_index: z.int().nullable(),
  primary_participant_key: text,
  mve_collection: text.describe('The collection that a combination of markets belongs to'),
  mve_selected_legs: z.unknown().describe('The markets that it combines, as the exchange put them'),
  first_seen_ts: instant,
  updated_ts: instant.describe('When we last heard something new of it, trading left out'),
  covered: z
    .object({ from_ts: instant, through_ts: instant })
    .describe('What the record holds of its book'),
})

export type MarketRow = z.infer<typeof marketRow>
export type MarketAnswer = z.infer<typeof marketAnswer>

const age = z.number().nullable()
/** How the feed and the record do now. */
export const statusAnswer = z.object({
  feed: z.enum(['healthy', 'degraded', 'down']),
  upstream_age_ms: age.describe('Since the exchange was last heard'),
  lag_p50_ms: age,
  lag_p99_ms: age,
  stale_books: z.int().nullable(),
  shards: z.array(
    z.object({
      shard: z.int(),
      feed: z.enum(['healthy', 'degraded', 'down']),
      beat_age_ms: age,
      watched: z.int().nullable(),
    }),
  ),
  record: z
    .object({
      through_ts: instant,
      watermark_lag_ms: age,
      epoch: z.int().nullable(),
      markets: z.int().describe('Above 10,000 an estimate'),
      open_gaps: z.int().describe('Counted up to 10,000'),
    })
    .nullable()
    .describe('null while Postgres is away'),
  server_ts: z.string(),
})
