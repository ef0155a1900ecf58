import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { summariseFeed } from '#core/feed-summary'
import { type Micros, printInstant } from '#core/instant'
import { statusAnswer } from '#core/wire/market-answer'
import { answerData } from '../answer.ts'
import { type App, readMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { settingsOf } from '../env.ts'
import type { ShardStatus } from '../live/collector-link.ts'
import { shardStub } from '../live/stubs.ts'
import { nowUs } from '../now.ts'
import { noParams } from '../params.ts'
import { type StoreStatus, storeStatus } from '../store/status.ts'

/** How long (ms) the status waits for any of those it asks. */
const PATIENCE_MS = 1500

const route = createRoute({
  method: 'get',
  path: '/v1/status',
  summary: 'How the feed and the record do; no key is needed',
  request: { query: noParams },
  responses: objectAnswers('The status, also while parts of us are away', statusAnswer, {}),
})

/** `GET /v1/status`. */
export function addStatus(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const [shards, store] = await Promise.all([
      askShards(c),
      inTime(readMarketData(c, (sql) => storeStatus(sql))),
    ])
    const now = nowUs()
    const data = {
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
    return answerData(c, data, { caching: 'none', credits: 0 })
  })
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
  let timer: number | null = null
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS)
  })
  try {
    return await Promise.race([work.catch(() => null), late])
  } finally {
    clearTimeout(timer)
  }
}
