import { z } from 'zod'

/** A customer's message may be this long (bytes); a subscribe this long. */
export const CLIENT_MESSAGE_BYTES = 64 * 1024
export const SUBSCRIBE_BYTES = 1024 * 1024
/** So many may come in a second. */
export const CLIENT_MESSAGES_PER_SECOND = 20
/** Bad messages in a row before a socket is closed. */
export const CLIENT_ERRORS_IN_A_ROW = 3
/** The longest that changes of one market may be gathered, ms. */
export const LONGEST_CONFLATION_MS = 60_000

export const STREAM_CHANNELS = ['book', 'trade', 'status', 'bbo'] as const
export type StreamChannel = (typeof STREAM_CHANNELS)[number]

/** Of how many levels a side an image and its changes may be. */
export const STREAM_DEPTHS = [1, 5, 10, 25, 50] as const
export type StreamDepth = (typeof STREAM_DEPTHS)[number]

const id = z.int().nonnegative()
const seq = z.int().nonnegative()
const market = z.string()
const tickers = z.array(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/)).default([])
const channels = z
  .array(z.enum(STREAM_CHANNELS))
  .min(1)
  .max(STREAM_CHANNELS.length)
  .default(['book'])
const resume = z.record(z.string(), seq).optional()
const resume_trades_us = z.int().nonnegative().optional()

const unsubscribe = z.strictObject({ op: z.literal('unsubscribe'), sub: z.int().positive() })
const ping = z.strictObject({ op: z.literal('ping') })

/** What a customer may say on `/v1/stream` (wire §3), each message by its op. */
export const streamCommands = {
  subscribe: z.strictObject({
    op: z.literal('subscribe'),
    id: id.optional(),
    channels,
    markets: tickers,
    events: tickers,
    series: tickers,
    all: z.boolean().default(false),
    depth: z.literal(STREAM_DEPTHS).nullable().default(null),
    conflate_ms: z.int().min(0).max(LONGEST_CONFLATION_MS).default(0),
    resume,
    resume_trades_us,
  }),
  unsubscribe,
  resync: z.strictObject({ op: z.literal('resync'), market }),
  ping,
} as const

/** What a customer may say on the stream of a single market, each message by its op. */
export const marketStreamCommands = {
  subscribe: z.strictObject({
    op: z.literal('subscribe'),
    id: id.optional(),
    channels,
    resume,
    resume_trades_us,
  }),
  unsubscribe,
  resync: z.strictObject({ op: z.literal('resync'), market: market.optional() }),
  ping,
} as const

/** What a customer may say on `/v1/stream`. */
export const streamCommand = z.discriminatedUnion('op', [
  streamCommands.subscribe,
  unsubscribe,
  streamCommands.resync,
  ping,
])
/** What a customer may say on the stream of a single market. */
export const marketStreamCommand = z.discriminatedUnion('op', [
  marketStreamCommands.subscribe,
  unsubscribe,
  marketStreamCommands.resync,
  ping,
])
export const STREAM_OPS = ['subscribe', 'unsubscribe', 'resync', 'ping'] as const

export type StreamCommand = z.infer<typeof streamCommand>
export type MarketStreamCommand = z.infer<typeof marketStreamCommand>
export type SubscribeCommand = Extract<StreamCommand, { op: 'subscribe' }>
