import { z } from 'zod'
import { GAP_CAUSES } from '../log.ts'
import { wireBbo } from './bbo.ts'
import { wireEnd, wireGap, wireSnapshot } from './record.ts'
import { wireStatus } from './status.ts'
import { wireTrade } from './trade.ts'
import { wireTradeHole } from './trade-hole.ts'

/** Close codes of a customer's socket. */
export const STREAM_CLOSE = {
  planForbids: 4003,
  keyRevoked: 4004,
  tooManyConnections: 4006,
  slowConsumer: 4007,
  tooManyMessages: 4008,
  outOfCredits: 4009,
  tooLarge: 1009,
} as const

const id = z.int().nonnegative()
const seq = z.int().nonnegative()
const micros = z.int().nonnegative()
const market = z.string()

export const IMAGE_REASONS = ['initial', 'resume_miss', 'resync', 'slow_consumer', 'gap'] as const
export type ImageReason = (typeof IMAGE_REASONS)[number]

export const STREAM_ERRORS = [
  'bad_json',
  'too_large',
  'binary',
  'unknown_op',
  'unknown_market',
  'too_many_markets',
  'resume_ahead',
  'invalid_param',
  'rate_limited',
  'upstream_degraded',
] as const
export type StreamError = (typeof STREAM_ERRORS)[number]

const sub = z.int().positive()

const image = z.object({
  type: z.literal('snapshot'),
  market,
  seq,
  image: z.literal(true),
  reason: z.enum(IMAGE_REASONS),
  yes: wireSnapshot.shape.yes,
  no: wireSnapshot.shape.no,
  checksum: z.int(),
  full_checksum: z.int(),
  market_status: z.string(),
  recv_us: micros,
})
const snapshot = wireSnapshot.extend({
  market,
  image: z.literal(false),
  checksum: z.int(),
  full_checksum: z.int(),
})
const deltasHead = {
  type: z.literal('deltas'),
  market,
  seq: z.tuple([seq, seq]).describe('from and to, both included'),
}
const deltasTail = { checksum: z.int().describe('Of the whole book at to'), sent_us: micros }
const side = z.enum(['yes', 'no'])
const deltas = z.object({
  ...deltasHead,
  d: z
    .array(z.tuple([side, z.string(), z.string(), z.string(), micros.nullable(), micros]))
    .min(1)
    .describe('[side, price, change, size afterwards, event_us, recv_us], one row per record'),
  ...deltasTail,
})
/** With depth or conflation: how the shown levels differ at `to` from how they stood before `from`. */
const levels = z.object({
  ...deltasHead,
  d: z
    .array(z.tuple([side, z.string(), z.null(), z.string(), micros.nullable(), micros]))
    .describe('[side, price, null, size at to, event_us, recv_us], one row per level'),
  ...deltasTail,
})
const gap = wireGap.extend({ market, cause: z.enum(GAP_CAUSES) })
const end = wireEnd.extend({ market })

/** What we say to a subscriber (wire §3), each message by its name; every message is of one of them alone. */
export const streamMessages = {
  welcome: z.object({
    type: z.literal('welcome'),
    plan: z.string(),
    limits: z.object({ connections: z.int(), markets: z.int() }),
    server_us: micros,
  }),
  subscribed: z.object({
    type: z.literal('subscribed'),
    id: id.optional().describe('That of the subscribe'),
    sub: sub.describe('The number of the subscription'),
    accepted: z.int().describe('Markets that it follows'),
    rejected: z
      .array(z.object({ market, code: z.string() }))
      .describe('Markets that it does not follow: not_found, too_many_markets'),
  }),
  image,
  snapshot,
  ready: z.object({ type: z.literal('ready'), sub }),
  deltas,
  levels,
  gap,
  end,
  heartbeat: z.object({
    type: z.literal('heartbeat'),
    feed: z.enum(['healthy', 'degraded', 'down']),
    upstream_age_ms: z.number().nullable(),
    books: z.record(z.string(), seq).describe('The seq of markets, as last told here'),
  }),
  trade: wireTrade,
  /** Trades are missing: of one market, or of all that are followed. */
  tradeGap: wireTradeHole.extend({
    type: z.literal('gap'),
    channel: z.literal('trade'),
    market: market.optional(),
  }),
  bbo: wireBbo.extend({ type: z.literal('bbo'), market }),
  status: wireStatus.extend({ type: z.literal('status'), market }),
  joined: z.object({ type: z.literal('joined'), sub, markets: z.array(market) }),
  left: z.object({ type: z.literal('left'), sub, markets: z.array(market) }),
  warning: z.object({
    type: z.literal('warning'),
    code: z.literal('slow_consumer'),
    lag_ms: z.int().nonnegative(),
  }),
  unsubscribed: z.object({ type: z.literal('unsubscribed'), sub }),
  pong: z.object({ type: z.literal('pong') }),
  error: z.object({
    type: z.literal('error'),
    id: id.optional().describe('That of the message it answers'),
    code: z.enum(STREAM_ERRORS),
    message: z.string(),
    market: market
      .optional()
      .describe('The market it is of, with resume_ahead and too_many_markets'),
  }),
} as const
export type StreamMessageName = keyof typeof streamMessages

/** The messages of a stream that say what books are. */
export const bookMessage = z.union([image, snapshot, deltas, levels, gap, end])
/** What we say to a subscriber. */
export const serverMessage = z.union(Object.values(streamMessages))

export type ImageMessage = z.infer<typeof image>
export type SnapshotMessage = z.infer<typeof snapshot>
export type DeltasMessage = z.infer<typeof deltas>
export type LevelsMessage = z.infer<typeof levels>
export type GapMessage = z.infer<typeof gap>
export type EndMessage = z.infer<typeof end>
export type ServerMessage = z.infer<typeof serverMessage>
