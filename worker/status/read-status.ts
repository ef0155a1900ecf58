import type { z } from 'zod'
import { summariseFeed } from '#core/feed-summary'
import { type Micros, printInstant } from '#core/instant'
import type { statusAnswer } from '#core/wire/market-answer'
import { type Env, settingsOf } from '../env.ts'
import type { ShardStatus } from '../live/collector-link.ts'
import { inTime } from '../live/patience.ts'
import { shardStub } from '../live/stubs.ts'
import { nowUs } from '../now.ts'
import { type StoreStatus, storeStatus } from '../store/status.ts'
import { withRecord } from './record-database.ts'

/** How long (ms) the status waits for any of those it asks. */
const PATIENCE_MS = 1500

/** How the feed and the record do now. */
export type Status = z.infer<typeof statusAnswer>

/** Asks every shard and the store how they do; what does not answer is told as away. Never throws. */
export async function readStatus(env: Env): Promise<Status> {
  const [shards, store] = await Promise.all([
    askShards(env),
    soon(withRecord(env, (sql) => storeStatus(sql))),
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

function askShards(env: Env): Promise<(ShardStatus | null)[]> {
  const shards = settingsOf(env).FEED_SHARDS ?? 0
  const ask = async (shard: number) => {
    const status: ShardStatus = await shardStub(env, shard, shards).status()
    return status
  }
  return Promise.all(Array.from({ length: shards }, (_, shard) => soon(ask(shard))))
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
function soon<Result>(work: Promise<Result>): Promise<Result | null> {
  return inTime(
    work.catch(() => null),
    PATIENCE_MS,
  )
}
