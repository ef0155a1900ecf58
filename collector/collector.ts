import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Sql } from 'postgres'
import { fullChecksum } from '#core/checksum'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { Lag } from '#core/lag'
import type { Epoch } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import type { AsideFrame } from './aside.ts'
import { type Clock, startClock } from './clock.ts'
import type { CollectorConfig } from './config.ts'
import { ExchangeFeed } from './exchange-feed.ts'
import { KalshiRest } from './kalshi-rest.ts'
import { logEvent } from './log-event.ts'
import { Publisher } from './publisher.ts'
import { Recorder } from './recorder.ts'
import { type Hold, takeLease } from './store/lease.ts'
import { ensurePartitions } from './store/metadata.ts'
import { openEpoch } from './store/open-epoch.ts'
import { writeBatch } from './store/records.ts'
import { openUniverse } from './universe.ts'

/** One slice today; one connection. */
const SLICE = 0
const CONNECTION = 0
const LAG_SAMPLES = 4000
const BEAT_MS = 1000
const PARTITIONS_EVERY_MS = 600_000
const PARTITIONS_AHEAD_HOURS = 3

/** How the collector does, for whoever started it. */
export type CollectorStatus = {
  readonly markets: number
  readonly known: number
  readonly frames: number
  readonly lagP50Ms: number | null
  readonly lagP99Ms: number | null
  /** How far the store's record is behind the clock. */
  readonly recordLagMs: number | null
  readonly waiting: number
  readonly gaps: number
  readonly malformed: number
  readonly unknown: number
  readonly reconnects: number
  readonly watched: number
  readonly shards: number
}

/** Why an epoch cannot go on. */
export type EpochEnd =
  /** Another collector took the slice. */
  | { readonly kind: 'lease_lost' }
  /** A shard has seen this epoch or a later one of another lease: the store is older than the shards. */
  | { readonly kind: 'superseded'; readonly highest: number }
  /** The machine slept: receive times would be wrong for hours. */
  | { readonly kind: 'clock_strayed' }
  /** A record that Postgres refuses whatever is tried. */
  | { readonly kind: 'unstorable'; readonly reason: string }

export type Collector = {
  readonly epoch: Epoch
  readonly status: () => CollectorStatus
  /** The full checksum of every market's book, null while it is not known. */
  readonly checksums: () => Record<string, number | null>
  /** The newest frames that could not be used. */
  readonly aside: () => readonly AsideFrame[]
  /** Drains what was read, commits the last watermark and rests. */
  readonly stop: () => Promise<void>
}

/**
 * Starts recording: takes the lease, reads the universe, opens an epoch, connects.
 * @param over hears once why the epoch cannot go on; the collector is then to be stopped
 * @param above an epoch that the new one must follow, because shards have seen it
 * Throws when the exchange's lists or Postgres cannot be had.
 */
export async function startCollector(
  config: CollectorConfig,
  sql: Sql,
  over: (end: EpochEnd) => void,
  above = -1,
): Promise<Collector> {
  const lease = randomUUID()
  const take = { slice: SLICE, lease, holder: hostname(), nowMs: Date.now(), above }
  const epoch = await takeLease(sql, take)
  const hold: Hold = { slice: SLICE, epoch, lease }
  const { KALSHI_KEY_ID: keyId, privateKey } = config
  const rest = new KalshiRest(config.KALSHI_REST_URL, { keyId, privateKey })
  const marketIds = await openUniverse(rest, sql, hold, wallMicros())
  if (marketIds === 'lease_lost') throw new LeaseLostError('while the universe was read')
  await ensurePartitions(sql, wallMicros(), PARTITIONS_AHEAD_HOURS)
  const opened = await openEpoch(sql, hold, wallMicros())
  if (opened === 'lease_lost') throw new LeaseLostError('before the epoch was open')
  const { clock, strayed } = startClock(opened.openedUs)
  const logs = new Map<Ticker, MarketLog>()
  for (const [market, id] of marketIds) {
    logs.set(market, new MarketLog(epoch, opened.logs.get(id)?.gap ?? null))
  }
  logEvent('epoch_opened', { epoch, markets: logs.size, continued: opened.logs.size })
  return run({ config, sql, hold, clock, strayed, logs, marketIds, over })
}

type Run = {
  readonly config: CollectorConfig
  readonly sql: Sql
  readonly hold: Hold
  readonly clock: Clock
  readonly logs: ReadonlyMap<Ticker, MarketLog>
  readonly marketIds: ReadonlyMap<Ticker, number>
  readonly strayed: () => boolean
  readonly over: (end: EpochEnd) => void
}

function run({ config, sql, hold, clock, strayed, logs, marketIds, over }: Run): Collector {
  const lag = new Lag(LAG_SAMPLES)
  let gaps = 0
  let proof: Micros | null = null
  const publisher = new Publisher({
    config,
    epoch: hold.epoch,
    lease: hold.lease,
    logs,
    superseded: (highest) => over({ kind: 'superseded', highest }),
  })
  const recorder = new Recorder({
    write: ({ records, watermark }) => {
      proof = feed.vouched ?? proof
      const alive = proof === null ? [] : [{ connection: CONNECTION, us: proof }]
      return writeBatch(sql, { ...hold, records, watermarkUs: watermark, alive })
    },
    clock,
    marketIds,
    queue: config.RECORD_QUEUE,
    batch: config.RECORD_BATCH,
    everyMs: config.RECORD_EVERY_MS,
    watermarkMs: config.WATERMARK_EVERY_MS,
    full: () => feed.hold(),
    drained: () => feed.release(),
    leaseLost: () => over({ kind: 'lease_lost' }),
    broken: (reason) => over({ kind: 'unstorable', reason }),
  })
  const feed = new ExchangeFeed(config, clock, logs, (records: readonly MarketRecord[]) => {
    for (const { record } of records) {
      if (record.kind === 'gap') gaps += 1
      if (record.kind === 'delta' && record.event !== null) lag.add(record.event, record.recv)
    }
    publisher.add(records)
    recorder.add(records)
  })
  const stale = () => [...logs.values()].filter((log) => !log.known).length
  const beat = () => {
    const now = clock()
    const { vouched } = feed
    if (strayed()) over({ kind: 'clock_strayed' })
    publisher.beat({
      sent_us: now,
      upstream_age_ms: vouched === null ? null : Math.max(0, Math.round((now - vouched) / 1000)),
      lag_p50_ms: lag.percentile(0.5),
      lag_p99_ms: lag.percentile(0.99),
      stale: stale(),
      gaps,
    })
  }
  const beats = setInterval(beat, BEAT_MS)
  const partitions = setInterval(() => makePartitions(sql, clock), PARTITIONS_EVERY_MS)
  recorder.start()
  feed.start()
  return {
    epoch: hold.epoch,
    status: () => ({
      markets: logs.size,
      known: logs.size - stale(),
      frames: feed.frames,
      lagP50Ms: lag.percentile(0.5),
      lagP99Ms: lag.percentile(0.99),
      recordLagMs: recorder.durable === null ? null : (clock() - recorder.durable) / 1000,
      waiting: recorder.depth,
      gaps,
      ...feed.aside.counts,
      reconnects: feed.reconnects,
      watched: publisher.watched,
      shards: publisher.open,
    }),
    checksums: () => {
      const sums = [...logs].map(([market, log]) => {
        const image = log.image()
        return [market, image === null ? null : fullChecksum(image)] as const
      })
      return Object.fromEntries(sums)
    },
    aside: () => feed.aside.frames,
    stop: async () => {
      clearInterval(beats)
      clearInterval(partitions)
      feed.stop()
      publisher.stop()
      await recorder.stop()
    },
  }
}

/** Thrown when another collector took the slice while this one started. */
export class LeaseLostError extends Error {
  readonly code = 'lease_lost'
  readonly retryable = false
}

async function makePartitions(sql: Sql, clock: Clock): Promise<void> {
  try {
    await ensurePartitions(sql, clock(), PARTITIONS_AHEAD_HOURS)
  } catch {
    // Rows fall into the default partition until a later try.
    logEvent('partitions_missing')
  }
}

function wallMicros(): Micros {
  return (Date.now() * 1000) as Micros
}
