import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { summariseFeed } from '#core/feed-summary'
import { type Micros, printInstant } from '#core/instant'
import { statusAnswer } from '#core/wire/market-answer'
import { answerData } from '../answer.ts'
import { type App, readMarketData } from '../context.ts'
import { OPEN, openAnswers } from '../describe-read.ts'
import { type Env, settingsOf } from '../env.ts'
import type { ShardStatus } from '../live/collector-link.ts'
import { shardStub } from '../live/stubs.ts'
import { nowUs } from '../now.ts'
import { noParams } from '../params.ts'
import { type StoreStatus, storeStatus } from '../store/status.ts'

/** How long (ms) the status waits for any of those it asks. */
const PATIENCE_MS = 1500
/** How long (ms) an answer is given to whoever asks. */
const KEPT_MS = 1000

type Status = z.infer<typeof statusAnswer>

const EXAMPLE: Status = {
  feed: 'healthy',
  upstream_age_ms: 120,
  lag_p50_ms: 1.2,
  lag_p99_ms: 6.8,
  stale_books: 0,
  shards: [{ shard: 0, feed: 'healthy', beat_age_ms: 340, watched: 12 }],
  record: {
    through_ts: '2026-11-22T09:30:00.250000Z',
    watermark_lag_ms: 180,
    epoch: 7812,
    markets: 5210,
    open_gaps: 0,
  },
  server_ts: '2026-11-22T09:30:00.430000Z',
}

const route = createRoute({
  method: 'get',
  path: '/v1/status',
  tags: ['Service'],
  summary: 'How the feed and the record do; no key is needed',
  security: OPEN,
  request: { query: noParams },
  responses: openAnswers('The status, also while parts of us are away', statusAnswer, EXAMPLE),
})

/** `GET /v1/status`. */
export function addStatus(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    return answerData(c, await keptStatus(c), { caching: 'none', credits: 0 })
  })
}

const kept = new WeakMap<Env, { readonly untilMs: number; readonly status: Promise<Status> }>()

/** The status as it was read within the last second, however many ask. */
async function keptStatus(c: Context<App>): Promise<Status> {
  const known = kept.get(c.env)
  if (known !== undefined && Date.now() < known.untilMs) {
    // The request that reads it may be cut off: then each reads for itself.
    return (await inTime(known.status)) ?? readStatus(c)
  }
  const status = readStatus(c)
  kept.set(c.env, { untilMs: Date.now() + KEPT_MS, status })
  c.executionCtx.waitUntil(status)
  return status
}

async function readStatus(c: Context<App>): Promise<Status> {
  const [shards, store] = await Promise.all([
    askShards(c),
    inTime(readMarketData(c, (sql) => storeStatus(sql))),
  ])
  const now = nowUs()
  return {
    ...summariseFeed(shards),
    shards: shards.map((shard, index) => ({
      shard: index,
      feed: shard?.feed ?? ('down' as const),
      beat_age_ms: shard?.beat?.age_ms ?? null,
      watched: shard?.watched ?? null,
    })),
    record: store && printRecordStatus(store, now),
    server_ts: printInstant(now),
  }
}

function askShards(c: Context<App>): Promise<(ShardStatus | null)[]> {
  const shards = settingsOf(c.env).FEED_SHARDS ?? 0
  const ask = async (shard: number) => {
    const status: ShardStatus = await shardStub(c.env, shard, shards).status()
    return status
  }
  return Promise.all(Array.from({ length: shards }, (_, shard) => inTime(ask(shard))))
}

function printRecordStatus(store: StoreStatus, now: Micros) {
  const { throughUs, epoch, markets, openGaps } = store
  return {
    through_ts: throughUs && printInstant(throughUs),
    watermark_lag_ms: throughUs === null ? null : Math.max(0, Math.round((now - throughUs) / 1000)),
    epoch,
    markets,
    open_gaps: openGaps,
  }
}

/** What comes of it, or null when it fails or takes too long. */
async function inTime<Result>(work: Promise<Result>): Promise<Result | null> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS)
  })
  try {
    return await Promise.race([work.catch(() => null), late])
  } finally {
    clearTimeout(timer)
  }
}
