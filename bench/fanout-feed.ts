import { WebSocket } from 'ws'
import { z } from 'zod'
import { checksum } from '#core/checksum'
import type { Epoch } from '#core/log'
import { shardOf } from '#core/shard'
import { deltasMessage } from '#core/wire/stream-message'
import { FeedLink } from '../collector/feed-link.ts'
import { CountingOutbox } from './counting-outbox.ts'
import { nowUs } from './lag-watch.ts'
import { MadeRecords } from './made-records.ts'

// A collector without an exchange: made-up records of markets in memory, told to the shards by the collector's own
// outbox and link, and to the bare broadcast one message a record.
const { FEED_URL, FEED_TOKEN, FEED_SHARDS, FEED_ENV, EPOCH, LEASE, MARKETS, BROADCAST_URL } = z
  .object({
    FEED_URL: z.string(),
    FEED_TOKEN: z.string(),
    FEED_SHARDS: z.coerce.number(),
    FEED_ENV: z.string(),
    EPOCH: z.coerce.number(),
    LEASE: z.string(),
    MARKETS: z.coerce.number(),
    BROADCAST_URL: z.string(),
  })
  .parse(process.env)

const run = z.object({
  type: z.literal('run'),
  /** So many markets from this number on, in turn. */
  first: z.int(),
  markets: z.int(),
  /** Records a second; null for as many as are taken. */
  rate: z.number().nullable(),
  ms: z.number(),
  ours: z.boolean(),
  bare: z.boolean(),
})
type Run = z.infer<typeof run>
const command = z.union([
  run,
  z.object({ type: z.literal('taken'), seq: z.number() }),
  z.object({ type: z.enum(['state', 'counts']) }),
])

const BEAT_MS = 1000
/** Records that may be on their way, and characters that may wait for a shard, when as many are sent as are taken. */
const ON_THEIR_WAY = 2000
const WAITING = 12_000
const BOUND = 20_000

const epoch = EPOCH as Epoch
const made = new MadeRecords(MARKETS, epoch, nowUs())
const shards = Array.from({ length: FEED_SHARDS }, (_, shard) => {
  const outbox = new CountingOutbox({ logs: made.logs, bound: BOUND, statusOf: () => null })
  const hello = { env: FEED_ENV, epoch, lease: LEASE, shard, shards: FEED_SHARDS }
  const superseded = () => process.exit(1)
  const link = new FeedLink({
    address: FEED_URL,
    token: FEED_TOKEN,
    hello,
    outbox,
    superseded,
    opening: () => [],
  })
  return { outbox, link }
})
const broadcast = new WebSocket(`${BROADCAST_URL}/feed`, { perMessageDeflate: false })
/** The seq up to which every subscriber has everything. */
let taken: number | null = null
let last = 0

function make({ first, markets, ours, bare }: Run): void {
  const now = nowUs()
  const { market, record } = made.next(first, markets, now)
  // Another market's seqs are no measure for this one's.
  if (taken === null) taken = record.seq - 1
  last = record.seq
  if (ours) {
    const shard = shards[shardOf(market, FEED_SHARDS)]
    if (shard?.outbox.add(market, record)) shard.link.wake()
  }
  if (bare) {
    const message = deltasMessage(market, [record], { yes: [], no: [] }, now)
    broadcast.send(JSON.stringify(message))
  }
}

/** Makes records until the time is over, then answers. */
function obey(command: Run): void {
  const begun = performance.now()
  let count = 0
  taken = null
  const go = () => {
    const passed = performance.now() - begun
    if (passed >= command.ms) return process.send?.({ type: 'run', records: count })
    if (command.rate === null) {
      // All waiting is of one market: its backlog must not become an image.
      const roomy = () =>
        last - (taken ?? last) < ON_THEIR_WAY &&
        shards.every(({ outbox }) => outbox.bytes < WAITING)
      for (; roomy(); count += 1) make(command)
    } else {
      for (const due = (command.rate * passed) / 1000; count < due; count += 1) make(command)
    }
    return setTimeout(go, 1)
  }
  go()
}

process.on('message', (raw) => {
  const word = command.parse(raw)
  switch (word.type) {
    case 'run':
      return obey(word)
    case 'taken':
      if (taken !== null && word.seq <= last) taken = Math.max(taken, word.seq)
      return
    case 'state': {
      const books = [...made.logs].map(([market, log]) => {
        const image = log.image()
        return [market, image?.seq, image && checksum(image)]
      })
      return process.send?.({ type: 'state', books })
    }
    case 'counts':
      return process.send?.({ type: 'counts', shards: shards.map(({ outbox }) => outbox.counts) })
  }
})
setInterval(() => {
  const beat = {
    sent_us: nowUs(),
    upstream_age_ms: 0,
    lag_p50_ms: 0,
    lag_p99_ms: 0,
    stale: 0,
    gaps: 0,
  }
  for (const { link } of shards) link.beat(beat)
}, BEAT_MS)
process.on('disconnect', () => process.exit(0))
const opening = setInterval(() => {
  if (broadcast.readyState !== WebSocket.OPEN || !shards.every(({ link }) => link.open)) return
  clearInterval(opening)
  process.send?.({ type: 'ready' })
}, 20)
