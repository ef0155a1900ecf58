import { z } from 'zod'
import { LISTINGS, wireListing } from './directory.ts'
import { wireImage, wireRecord } from './record.ts'
import { wireStatus } from './status.ts'
import { wireTrade } from './trade.ts'
import { wireTradeHole } from './trade-hole.ts'

/** The version of the feed's language that both ends must speak. */
export const FEED_VERSION = 1
/** A feed message larger than this is refused (bytes). */
export const FEED_MESSAGE_BYTES = 4 * 1024 * 1024

/** Close codes of a feed socket. */
export const FEED_CLOSE = {
  /** Wrong version, environment, shard or number of shards; or no readable message. */
  mismatch: 4400,
  /** Another lease is ahead; the reason is the highest epoch seen, in decimal digits. */
  superseded: 4409,
  /** The lease row cannot be read now: try again. */
  unavailable: 1013,
} as const

const ticker = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/)
const epoch = z.int().nonnegative()

const hello = z.object({
  v: z.literal(FEED_VERSION),
  env: z.string(),
  epoch,
  lease: z.string().min(1),
  shard: z.int().nonnegative(),
  shards: z.int().positive(),
})

const feedItem = z.object({
  m: ticker,
  /** The question of a peek that this answers; it is no part of a watched market's order, and empty when there is no book. */
  ref: z.int().nonnegative().optional(),
  /** In order, contiguous. */
  records: z.array(wireRecord).optional(),
  /** The book after record `image.seq`: the answer to a watch or a need. */
  image: wireImage.optional(),
  /** full_checksum after the last record or of the image; not with every item. Alone it proves a book that is all there is. */
  sum: z.int().nonnegative().optional(),
  /** In no promised order relative to the records. */
  trades: z.array(wireTrade).optional(),
  /** Where the market stands now. */
  status: wireStatus.optional(),
})

const beat = z.object({
  sent_us: z.int().nonnegative(),
  /**
   * Since the last frame of the exchange that proves its books, or since what waits longest for this shard began to;
   * null while not connected.
   */
  upstream_age_ms: z.int().nonnegative().nullable(),
  lag_p50_ms: z.number().nonnegative().nullable(),
  lag_p99_ms: z.number().nonnegative().nullable(),
  stale: z.int().nonnegative(),
  gaps: z.int().nonnegative(),
})

/** What the collector says to a shard. */
export const fromCollector = z.union([
  z.strictObject({ n: z.int().positive(), items: z.array(feedItem) }),
  z.strictObject({ beat }),
  z.strictObject({ hello }),
  z.strictObject({ directory: z.array(wireListing).max(LISTINGS) }),
  z.strictObject({ hole: wireTradeHole }),
])

/** What a shard says to the collector; the answer to hello is the first `watch`, empty or not. */
export const fromShard = z.union([
  z.strictObject({ ack: z.int().positive() }),
  z.strictObject({ watch: z.array(ticker) }),
  z.strictObject({ unwatch: z.array(ticker) }),
  /** A watched book fell behind: what follows `have`, or with null an image, is wanted. */
  z.strictObject({
    need: z.array(z.object({ m: ticker, have: z.int().nonnegative().nullable() })),
  }),
  /** One image of a market that need not be watched; `ref` names the question. */
  z.strictObject({ peek: z.array(z.object({ m: ticker, ref: z.int().nonnegative() })) }),
])

export type FeedHello = z.infer<typeof hello>
export type FeedItem = z.infer<typeof feedItem>
export type FeedBeat = z.infer<typeof beat>
export type FromCollector = z.infer<typeof fromCollector>
export type FromShard = z.infer<typeof fromShard>
