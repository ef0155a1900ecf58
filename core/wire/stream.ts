import { z } from 'zod'
import { GAP_CAUSES } from '../log.ts'
import { wireEnd, wireGap, wireSnapshot } from './record.ts'

/** Close codes of a customer's socket. */
export const STREAM_CLOSE = { slowConsumer: 4007, tooManyMessages: 4008, tooLarge: 1009 } as const
/** A customer's message may be this long (bytes), and this many may come in a second. */
export const CLIENT_MESSAGE_BYTES = 64 * 1024
export const CLIENT_MESSAGES_PER_SECOND = 20
/** Bad messages in a row before a socket is closed. */
export const CLIENT_ERRORS_IN_A_ROW = 3

const id = z.int().nonnegative()
const seq = z.int().nonnegative()
const micros = z.int().nonnegative()
const market = z.string()

/** What a customer may say on a single market's stream. */
export const clientMessage = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('subscribe'),
    id: id.optional(),
    channels: z.array(z.literal('book')).min(1).default(['book']),
    resume: z.record(z.string(), seq).optional(),
  }),
  z.strictObject({ op: z.literal('unsubscribe'), sub: z.int().positive() }),
  z.strictObject({ op: z.literal('resync'), market: market.optional() }),
  z.strictObject({ op: z.literal('ping') }),
])
export const CLIENT_OPS = ['subscribe', 'unsubscribe', 'resync', 'ping'] as const

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
const streamDeltas = z.object({
  type: z.literal('deltas'),
  market,
  seq: z.tuple([seq, seq]),
  d: z.array(
    z.tuple([z.enum(['yes', 'no']), z.string(), z.string(), z.string(), micros.nullable(), micros]),
  ),
  checksum: z.int(),
  sent_us: micros,
})
const streamGap = wireGap.extend({ market, cause: z.enum(GAP_CAUSES) })
const streamEnd = wireEnd.extend({ market })
/** The messages of a stream that say what books are. */
export const bookMessage = z.union([
  streamImage,
  streamSnapshot,
  streamDeltas,
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
  streamGap,
  streamEnd,
  z.object({
    type: z.literal('heartbeat'),
    feed: z.enum(['healthy', 'degraded', 'down']),
    upstream_age_ms: z.number().nullable(),
    books: z.record(z.string(), seq),
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
export type ClientMessage = z.infer<typeof clientMessage>
export type ServerMessage = z.infer<typeof serverMessage>
