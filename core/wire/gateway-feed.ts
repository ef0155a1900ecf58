import { z } from 'zod'
import { wireListing } from './directory.ts'
import type { FeedItem } from './feed.ts'
import { wireTradeHole } from './trade-hole.ts'

/** Markets that a gateway names in one message at most. */
export const GATEWAY_MARKETS = 2000

const ticker = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/)
const seq = z.int().nonnegative().nullable()

/** What a Gateway says to a FeedShard: the markets that it follows, each with the seq that it has; those it follows no more. */
export const fromGateway = z.union([
  z.strictObject({ watch: z.array(z.tuple([ticker, seq])).max(GATEWAY_MARKETS) }),
  z.strictObject({ unwatch: z.array(ticker).max(GATEWAY_MARKETS) }),
  z.strictObject({ need: z.array(z.tuple([ticker, seq])).max(GATEWAY_MARKETS) }),
])

/** Items have been checked by the shard; a Gateway reads their numbers once more when it applies them. */
const item = z.custom<FeedItem>(
  (value) => typeof value === 'object' && value !== null && 'm' in value,
)

/** What a FeedShard says to a Gateway. */
export const toGateway = z.union([
  z.strictObject({ items: z.array(item) }),
  /** After each beat of the collector, and once when it falls silent. */
  z.strictObject({
    beat: z.object({
      feed: z.enum(['healthy', 'degraded', 'down']),
      upstream_age_ms: z.number().nullable(),
    }),
  }),
  z.strictObject({ directory: z.array(wireListing) }),
  z.strictObject({ hole: wireTradeHole }),
  /** Another collector or connection is there: what it says of the directory and of trades may have missed something. */
  z.strictObject({ collector: z.literal('new') }),
  /** Of those that free accounts may watch together there are no more. */
  z.strictObject({ refused: z.array(ticker) }),
])

export type FromGateway = z.infer<typeof fromGateway>
export type ToGateway = z.infer<typeof toGateway>
