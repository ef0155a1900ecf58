import { z } from 'zod'
import { feesAnswer } from './market-answer.ts'

const text = z.string().nullable()
const decimal = z.string().nullable()

const about = {
  ticker: z.string(),
  series: text.describe('The ticker of its series'),
  title: z.string(),
  sub_title: text,
  category: text,
  mutually_exclusive: z
    .boolean()
    .nullable()
    .describe('Whether at most one of its markets ends yes'),
  collateral_return_type: text,
}
const fees = {
  fees: feesAnswer,
  fee_type_override: text.describe('The event’s own; null for its series’'),
  fee_multiplier_override: decimal.describe('The event’s own; null for its series’'),
}

/** A row of the list of events. Their markets are in /v1/markets?event=. */
export const eventRow = z.object({
  ...about,
  strike_us: z.int().nullable().describe('When what it asks about happens, µs'),
  strike_period: text,
  ...fees,
  updated_us: z.int(),
})

/** Everything known of one event. */
export const eventAnswer = z.object({
  ...about,
  strike_ts: text.describe('When what it asks about happens: RFC 3339, UTC, microseconds'),
  strike_period: text,
  ...fees,
  settlement_sources: z.unknown().describe('Who says how it ended, as the exchange put it'),
  product_metadata: z.unknown().describe('As the exchange put it'),
  exchange_index: z.int().nullable(),
  updated_ts: z.string().describe('RFC 3339, UTC, microseconds'),
})

export type EventRow = z.infer<typeof eventRow>
export type EventAnswer = z.infer<typeof eventAnswer>
