import { z } from 'zod'

const instant = z.string().nullable().describe('RFC 3339, UTC, microseconds')
const coverage = z.object({ from_ts: instant, through_ts: instant })

/** A row of the list of markets. */
export const marketSummaryAnswer = z.object({
  ticker: z.string(),
  event: z.string(),
  series: z.string().nullable(),
  title: z.string(),
  yes_sub_title: z.string().nullable(),
  no_sub_title: z.string().nullable(),
  market_type: z.string(),
  market_status: z.string(),
  open_ts: instant,
  close_ts: instant,
  result: z.string().nullable(),
})

/** Everything known of one market. */
export const marketAnswer = marketSummaryAnswer.extend({
  expected_expiration_ts: instant,
  latest_expiration_ts: instant,
  rules_primary: z.string().nullable(),
  rules_secondary: z.string().nullable(),
  strike_type: z.string().nullable(),
  floor_strike: z.string().nullable(),
  cap_strike: z.string().nullable(),
  price_level_structure: z.string().nullable(),
  price_ranges: z.unknown(),
  settlement_value: z.string().nullable(),
  settlement_ts: instant,
  can_close_early: z.boolean().nullable(),
  first_seen_ts: instant,
  updated_ts: instant,
  covered: coverage.describe('What the record holds of its book'),
})

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
      markets: z.int(),
      open_gaps: z.int(),
    })
    .nullable()
    .describe('null while Postgres is away'),
  server_ts: z.string(),
})
