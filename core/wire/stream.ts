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
] as const
export type StreamError = (typeof STREAM_ERRORS)[number]

const streamImage = z.object({
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
const streamSnapshot = wireSnapshot.extend({
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
const deltasTail = { checksum: z.int(), sent_us: micros }
const side = z.enum(['yes', 'no'])
const streamDeltas = z.object({
  ...deltasHead,
  d: z
    .array(z.tuple([side, z.string(), z.string(), z.string(), micros.nullable(), micros]))
    .describe('[side, price, change, size afterwards, event_us, recv_us], one row per record'),
  ...deltasTail,
})
/** With depth or conflation: how the shown levels differ at `to` from how they stood before `from`. */
const streamLevels = z.object({
  ...deltasHead,
  d: z
    .array(z.tuple([side, z.string(), z.null(), z.string(), micros.nullable(), micros]))
    .describe('[side, price, null, size at to, event_us, recv_us], one row per level'),
  ...deltasTail,
})
const streamGap = wireGap.extend({ market, cause: z.enum(GAP_CAUSES) })
const streamEnd = wireEnd.extend({ market })
/** The messages of a stream that say what books are. */
export const bookMessage = z.union([
  streamImage,
  streamSnapshot,
  streamDeltas,
  streamLevels,
  streamGap,
  streamEnd,
])
/** What we say to a subscriber (wire §3). */
export const serverMessage = z.union([
  z.object({
    type: z.literal('welcome'),
    plan: z.string(),
    limits: z.object({ connections: z.int(), markets: z.int() }),
    server_us: micros,
  }),
  z.object({
    type: z.literal('subscribed'),
    id: id.optional(),
    sub: z.int().positive(),
    accepted: z.int(),
    rejected: z.array(z.object({ market, code: z.string() })),
  }),
  streamImage,
  streamSnapshot,
  z.object({ type: z.literal('ready'), sub: z.int().positive() }),
  streamDeltas,
  streamLevels,
  streamGap,
  streamEnd,
  z.object({
    type: z.literal('heartbeat'),
    feed: z.enum(['healthy', 'degraded', 'down']),
    upstream_age_ms: z.number().nullable(),
    books: z.record(z.string(), seq),
  }),
  wireTrade,
  /** Trades are missing: of one market, or of all that are followed. */
  wireTradeHole.extend({
    type: z.literal('gap'),
    channel: z.literal('trade'),
    market: market.optional(),
  }),
  wireBbo.extend({ type: z.literal('bbo'), market }),
  wireStatus.extend({ type: z.literal('status'), market }),
  z.object({ type: z.literal('joined'), sub: z.int().positive(), markets: z.array(market) }),
  z.object({ type: z.literal('left'), sub: z.int().positive(), markets: z.array(market) }),
  z.object({
    type: z.literal('warning'),
    code: z.literal('slow_consumer'),
    lag_ms: z.int().nonnegative(),
  }),
  z.object({ type: z.literal('unsubscribed'), sub: z.int().positive() }),
  z.object({ type: z.literal('pong') }),
  z.object({
    type: z.literal('error'),
    id: id.optional(),
    code: z.enum(STREAM_ERRORS),
    message: z.string(),
  }),
])
export type ImageMessage = z.infer<typeof streamImage>
export type SnapshotMessage = z.infer<typeof streamSnapshot>
export type DeltasMessage = z.infer<typeof streamDeltas>
export type LevelsMessage = z.infer<typeof streamLevels>
export type GapMessage = z.infer<typeof streamGap>
export type EndMessage = z.infer<typeof streamEnd>
export type ServerMessage = z.infer<typeof serverMessage>
