import { z } from 'zod'

const text = z.string().nullable()

const about = {
  ticker: z.string(),
  title: z.string(),
  category: text,
  categories: z.array(z.string()).nullable(),
  frequency: text.describe('How often it asks: `daily`, `custom`, …'),
  tags: z.array(z.string()).nullable(),
  fee_type: text.describe('The exchange’s word, such as `quadratic`; an event may have its own'),
  fee_multiplier: text.describe('Decimal'),
}

/** A row of the list of series. Their events are in /v1/events?series=. */
export const seriesRow = z.object({ ...about, updated_us: z.int() })

/** Everything known of one series. */
export const seriesAnswer = z.object({
  ...about,
  settlement_sources: z.unknown().describe('Who says how its events end, as the exchange put it'),
  contract_url: text,
  contract_terms_url: text,
  additional_prohibitions: z.unknown().describe('Who may not trade it, as the exchange put it'),
  product_metadata: z.unknown().describe('As the exchange put it'),
  exchange_index: z.int().nullable(),
  updated_ts: z.string().describe('RFC 3339, UTC, microseconds'),
})

export type SeriesRow = z.infer<typeof seriesRow>
export type SeriesAnswer = z.infer<typeof seriesAnswer>
