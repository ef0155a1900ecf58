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
const seconds = ms.nullish()
const word = text.nullish()
/**
 * All `*_ts` are whole seconds. Before July 2026 without seq. `event_type` was, in October 2026, created, activated,
 * deactivated, close_date_updated, determined, settled, price_level_structure_updated or metadata_updated.
 */
export const marketLifecycleFrame = z.object({
  sid,
  seq: seq.optional(),
  msg: z.looseObject({
    market_ticker: text,
    event_type: text,
    open_ts: seconds,
    close_ts: seconds,
    determination_ts: seconds,
    settled_ts: seconds,
    result: word,
    settlement_value: word,
    price_level_structure: word,
    price_ranges: priceRanges.nullish(),
    exchange_index: z.number().nullish(),
    additional_metadata: z.looseObject({}).nullish(),
  }),
})
/** What `created` tells of a market under `additional_metadata`. */
export const createdMetadata = z.looseObject({
  name: word,
  title: word,
  yes_sub_title: word,
  no_sub_title: word,
  rules_primary: word,
  rules_secondary: word,
  can_close_early: z.boolean().nullish(),
  event_ticker: text,
  expected_expiration_ts: seconds,
  strike_type: word,
  floor_strike: z.number().nullish(),
  cap_strike: z.number().nullish(),
  custom_strike: z.unknown().optional(),
})
export const eventLifecycleFrame = z.object({
  sid,
  seq: seq.optional(),
  msg: z.looseObject({
    event_ticker: text,
    title: word,
    /** The specification has the first, frames of February 2026 had the second. */
    subtitle: word,
    sub_title: word,
    series_ticker: word,
    collateral_return_type: word,
    strike_date: word,
    strike_period: word,
    exchange_index: z.number().nullish(),
  }),
})
export const eventFeeFrame = z.object({
  sid,
  seq: seq.optional(),
  msg: z.looseObject({
    event_ticker: text,
    fee_type_override: word,
    fee_multiplier_override: z.number().nullish(),
  }),
})
export type MarketLifecycle = z.infer<typeof marketLifecycleFrame>['msg']
export type EventLifecycle = z.infer<typeof eventLifecycleFrame>['msg']
export type EventFee = z.infer<typeof eventFeeFrame>['msg']
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
