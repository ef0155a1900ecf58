import { z } from 'zod'

/**
 * The exchange's websocket frames, as its AsyncAPI 2.0.0 of October 2026 states them:
 * https://docs.kalshi.com/asyncapi.yaml. Fields that we do not read are left out and pass.
 */
const sid = z.int().positive()
const seq = z.int().positive()
const id = z.int().nonnegative().optional()
const text = z.string()
const ms = z.int().nonnegative()
const side = z.enum(['yes', 'no'])
const ladder = z.array(z.tuple([text, text])).optional()

export const subscribedFrame = z.object({ id, msg: z.object({ channel: text, sid }) })
export const unsubscribedFrame = z.object({ id, sid, seq })
/** An acknowledgement within a sid consumes a seq of it; the answer to list_subscriptions has neither. */
export const okFrame = z.object({ id, sid: sid.optional(), seq: seq.optional() })
export const errorFrame = z.object({
  id,
  sid: sid.optional(),
  seq: seq.optional(),
  msg: z.object({ code: z.int(), msg: text }),
})
/**
 * A whole book. A side without orders is absent, so a side under a name we do not know would read
 * as empty: any list beside the two that we know is therefore refused.
 */
export const snapshotFrame = z.object({
  id,
  sid,
  seq,
  msg: z
    .looseObject({ market_ticker: text, yes_dollars_fp: ladder, no_dollars_fp: ladder })
    .refine(
      (msg) =>
        Object.entries(msg).every(
          ([key, value]) =>
            key === 'yes_dollars_fp' || key === 'no_dollars_fp' || !Array.isArray(value),
        ),
      'a list of levels under an unknown name',
    ),
})
export const deltaFrame = z.object({
  sid,
  seq,
  msg: z.object({
    market_ticker: text,
    price_dollars: text,
    delta_fp: text,
    side,
    /** RFC 3339, deprecated; finer than ts_ms. */
    ts: text.optional(),
    ts_ms: ms.optional(),
  }),
})
export const tradeFrame = z.object({
  sid,
  seq,
  msg: z.object({
    trade_id: text.min(1),
    market_ticker: text,
    yes_price_dollars: text,
    no_price_dollars: text,
    count_fp: text,
    taker_outcome_side: side,
    is_block_trade: z.boolean().default(false),
    ts_ms: ms,
  }),
})
/** Top of book and totals; the only market-data frame without a seq. */
export const tickerFrame = z.object({
  sid,
  msg: z.object({
    market_ticker: text,
    price_dollars: text,
    yes_bid_dollars: text,
    yes_ask_dollars: text,
    yes_bid_size_fp: text,
    yes_ask_size_fp: text,
    volume_fp: text,
    open_interest_fp: text,
    ts_ms: ms,
  }),
})
export const priceRanges = z.array(z.object({ start: text, end: text, step: text }))
/** All `*_ts` are whole seconds. Before July 2026 without seq. */
export const marketLifecycleFrame = z.object({
  sid,
  seq: seq.optional(),
  msg: z.object({
    market_ticker: text,
    event_type: z.enum([
      'created',
      'activated',
      'deactivated',
      'close_date_updated',
      'determined',
      'settled',
      'price_level_structure_updated',
      'metadata_updated',
    ]),
    open_ts: ms.optional(),
    close_ts: ms.optional(),
    determination_ts: ms.optional(),
    settled_ts: ms.optional(),
    result: text.optional(),
    settlement_value: text.optional(),
    price_level_structure: text.optional(),
    price_ranges: priceRanges.optional(),
    additional_metadata: z.looseObject({}).optional(),
  }),
})
export const eventLifecycleFrame = z.object({
  sid,
  seq: seq.optional(),
  msg: z.object({
    event_ticker: text,
    title: text.optional(),
    subtitle: text.optional(),
    sub_title: text.optional(),
    series_ticker: text.optional(),
  }),
})
export const eventFeeFrame = z.object({
  sid,
  seq: seq.optional(),
  msg: z.object({
    event_ticker: text,
    fee_type_override: text.nullish(),
    fee_multiplier_override: z.number().nullish(),
  }),
})
/** What can be made out of a frame that fits no shape, so that its sid still counts it. */
export const envelope = z.object({
  type: text.optional().catch(undefined),
  sid: sid.optional().catch(undefined),
  seq: seq.optional().catch(undefined),
  msg: z
    .object({ market_ticker: text.optional().catch(undefined) })
    .optional()
    .catch(undefined),
})
